import type { Budget } from './budget.js';
import { characters, lengthOf } from './characters.js';
import { failure } from './fault.js';
import { floatByType } from './float_format.js';
import { magnitude, toFloat } from './numeric.js';
import { floatText, intText } from './print.js';

const SPEC = /^(?:([\s\S])?([<>=^]))?([-+ ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([a-zA-Z%])?$/u;

/** Python's format mini-language (`{:>8.2f}`). */
export function formatSpec(value: string | bigint | number, spec: string, budget: Budget): string {
  const match = SPEC.exec(spec);
  if (match === null) throw failure(`Invalid format specifier '${spec}'`);
  const [, fill, align, sign, alternate, zero, wide, group, exact, type] = match;
  const width = Number(wide ?? 0);
  const precision = exact === undefined ? undefined : Number(exact);
  budget.text(width + (precision ?? 0));
  budget.integer(4 * (precision ?? 0));
  if (typeof value === 'string') {
    if ((type ?? 's') !== 's') throw failure(`Unknown format code '${type!}' for object of type 'str'`);
    if (sign !== undefined) throw failure('Sign not allowed in string format specifier');
    if (align === '=') throw failure("'=' alignment not allowed in string format specifier");
    if (group !== undefined) throw failure(`Cannot specify '${group}' with 's'.`);
    const text = precision === undefined ? value : characters(value).slice(0, precision).join('');
    return aligned('', text, width, fill ?? (zero === undefined ? ' ' : '0'), align ?? '<');
  }
  const { prefix, digits, negative } = numberDigits(value, type, precision, alternate !== undefined);
  const lead = `${negative ? '-' : sign === '+' || sign === ' ' ? sign : ''}${prefix}`;
  const filler = fill ?? (zero === undefined ? ' ' : '0');
  const side = align ?? (zero === undefined ? '>' : '=');
  const step = type !== undefined && 'xXob'.includes(type) ? 4 : 3;
  if (group === ',' && step === 4) throw failure(`Cannot specify ',' with '${type!}'.`);
  const body =
    group === undefined
      ? digits
      : grouped(digits, group, step, filler === '0' && side === '=' ? width - lead.length : 0);
  return aligned(lead, body, width, filler, side);
}

function numberDigits(
  value: bigint | number,
  type: string | undefined,
  precision: number | undefined,
  alternate: boolean,
): { prefix: string; digits: string; negative: boolean } {
  let text: string;
  let prefix = '';
  if (typeof value === 'bigint' && (type === undefined || 'dnxXobc'.includes(type))) {
    if (precision !== undefined) throw failure('Precision not allowed in integer format specifier');
    const radix = { x: 16, X: 16, o: 8, b: 2 }[type ?? 'd'];
    if (type === 'c') return { prefix: '', digits: String.fromCodePoint(Number(value)), negative: false };
    text = radix === undefined ? intText(magnitude(value)) : magnitude(value).toString(radix);
    if (type === 'X') text = text.toUpperCase();
    if (alternate && radix !== undefined) prefix = `0${type!}`;
    return { prefix, digits: text, negative: value < 0n };
  }
  const float = toFloat(value);
  if (type === undefined) {
    text = precision === undefined ? floatText(float) : shortest(float, precision);
  } else if (type === '%') text = `${floatByType(float * 100, 'f', precision ?? 6, alternate)}%`;
  else if ('eEfFgGn'.includes(type)) text = floatByType(float, type === 'n' ? 'g' : type, precision ?? 6, alternate);
  else
    throw failure(`Unknown format code '${type}' for object of type '${typeof value === 'bigint' ? 'int' : 'float'}'`);
  const negative = text.startsWith('-');
  return { prefix, digits: negative ? text.slice(1) : text, negative };
}

/** A precision without a type: as `g`, but with at least one digit behind the point. */
function shortest(value: number, precision: number): string {
  const text = floatByType(value, 'g', precision, false);
  if (!/^-?\d+$/.test(text)) return text;
  return Math.abs(value) >= 10 ** (Math.max(1, precision) - 1) && value !== 0
    ? floatByType(value, 'e', Math.max(1, precision) - 1, false).replace(/\.?0+(?=e)/, '')
    : `${text}.0`;
}

/** Digits in groups; zeros that fill up to a width are grouped too. */
function grouped(text: string, separator: string, step: number, width: number): string {
  const [, whole, rest] = /^(\w*?)(\.[\s\S]*|e[-+][\s\S]*|%)?$/.exec(text)!;
  const split = (digits: string) => digits.replace(new RegExp(`\\B(?=(?:\\w{${String(step)}})+$)`, 'g'), separator);
  let digits = whole!;
  let result = split(digits);
  while (lengthOf(result) + (rest ?? '').length < width) {
    digits = `0${digits}`;
    const wider = split(digits);
    if (lengthOf(wider) + (rest ?? '').length > width && wider[1] === separator) break;
    result = wider;
  }
  return result + (rest ?? '');
}

/** A sign or prefix and what follows it, filled up to a width: before, behind, around, or (`=`) between the two. */
export function aligned(lead: string, body: string, width: number, fill: string, align: string): string {
  const missing = width - lengthOf(lead) - lengthOf(body);
  if (missing <= 0) return lead + body;
  switch (align) {
    case '<':
      return lead + body + fill.repeat(missing);
    case '>':
      return fill.repeat(missing) + lead + body;
    case '=':
      return lead + fill.repeat(missing) + body;
    default:
      return fill.repeat(missing >> 1) + lead + body + fill.repeat(missing - (missing >> 1));
  }
}
