import { failure, unsupported } from './fault.js';
import { floatByType } from './float_format.js';
import { aligned } from './format_spec.js';
import { integerOf } from './given.js';
import { escapeHtml } from './markup.js';
import { isNumeric, magnitude, numberOf, toFloat } from './numeric.js';
import { intText, type Printer } from './print.js';
import { characters, lengthOf } from './characters.js';
import { Dict, Range, textOf, Tuple, typeName, Undefined, type Value } from './values.js';

const CONVERSION = /%(?:\(([^()]*)\))?([-+ 0#]*)(\*|\d+)?(?:\.(\*|\d*))?[hlL]?([\s\S]?)/g;

/** Python's `text % values`. `escaping`: values are escaped for HTML, as the text is safe. */
export function formatPercent(format: string, values: Value, printer: Printer, escaping = false): string {
  const { budget } = printer;
  const list = values instanceof Tuple ? values.items : [values];
  let used = 0;
  let length = format.length;
  const next = (): Value => {
    const value = list[used++];
    if (value === undefined) throw failure('not enough arguments for format string');
    return value;
  };
  budget.text(length);
  const text = format.replace(
    CONVERSION,
    (_, key: string | undefined, flags: string, wide?: string, exact?: string, type?: string) => {
      if (type === '') throw failure('incomplete format');
      let value: Value | undefined;
      if (key !== undefined) {
        if (!(values instanceof Dict)) throw failure('format requires a mapping');
        value = values.get(key);
        if (value === undefined) throw failure(`KeyError: '${key}'`);
      }
      const width = wide === '*' ? integerOf(next()) : Number(wide ?? 0);
      const precision = exact === undefined ? undefined : exact === '*' ? integerOf(next()) : Number(exact);
      if (type === '%') return '%';
      budget.text((length += Math.max(Math.abs(width), precision ?? 0)));
      budget.integer(4 * (precision ?? 0));
      const left = flags.includes('-') || width < 0;
      const part = convert(value === undefined ? next() : value, type!, flags, precision, printer, escaping);
      budget.text((length += part.length));
      if (left || !flags.includes('0') || 'srac'.includes(type!))
        return aligned('', part, Math.abs(width), ' ', left ? '<' : '>');
      const sign = /^(?:[-+ ]?(?:0[xXo])?)/.exec(part)![0];
      return aligned(sign, part.slice(sign.length), width, '0', '=');
    },
  );
  if (used < list.length && !mayBeSpare(values)) throw failure('not all arguments converted during string formatting');
  return text;
}

/** What is looked up by a key need not be used. */
function mayBeSpare(values: Value): boolean {
  return Array.isArray(values) || values instanceof Dict || values instanceof Range || values instanceof Undefined;
}

function convert(
  value: Value,
  type: string,
  flags: string,
  precision: number | undefined,
  printer: Printer,
  escaping: boolean,
): string {
  const shown = (text: string) => (precision === undefined ? text : characters(text).slice(0, precision).join(''));
  switch (type) {
    case 's':
      return shown(escaping ? escapeHtml(value, printer.str(value)) : printer.str(value));
    case 'r':
      return shown(escaping ? escapeHtml(null, printer.repr(value)) : printer.repr(value));
    case 'a':
      throw unsupported('the conversion %a');
    case 'c': {
      const text = textOf(value);
      if (text !== undefined && lengthOf(text) === 1) return text;
      if (typeof value === 'bigint' && value >= 0n && value <= 0x10ffffn) return String.fromCodePoint(Number(value));
      throw failure('%c requires int or char');
    }
    default:
      return withSign(numeric(value, type, flags, precision), flags);
  }
}

const withSign = (text: string, flags: string): string =>
  text.startsWith('-') ? text : flags.includes('+') ? `+${text}` : flags.includes(' ') ? ` ${text}` : text;

function numeric(value: Value, type: string, flags: string, precision: number | undefined): string {
  if (value instanceof Undefined) throw failure(value.reason);
  if ('diuoxX'.includes(type)) {
    const number = integer(value, type);
    const radix = type === 'o' ? 8 : type === 'x' || type === 'X' ? 16 : 10;
    let digits = radix === 10 ? intText(magnitude(number)) : magnitude(number).toString(radix);
    if (type === 'X') digits = digits.toUpperCase();
    digits = digits.padStart(precision ?? 0, '0');
    const prefix = flags.includes('#') && radix !== 10 ? `0${type}` : '';
    return `${number < 0n ? '-' : ''}${prefix}${digits}`;
  }
  if (!'eEfFgG'.includes(type)) throw failure(`unsupported format character '${type}'`);
  if (!isNumeric(value)) throw failure(`must be real number, not ${typeName(value)}`);
  return floatByType(toFloat(numberOf(value)), type, precision ?? 6, flags.includes('#'));
}

function integer(value: Value, type: string): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return BigInt(value);
  if (typeof value === 'number' && 'diu'.includes(type)) {
    if (!Number.isFinite(value)) throw failure('cannot convert float infinity or NaN to integer');
    return BigInt(Math.trunc(value));
  }
  throw failure(
    'diu'.includes(type)
      ? `%${type} format: a real number is required, not ${typeName(value)}`
      : `%${type} format: an integer is required, not ${typeName(value)}`,
  );
}
