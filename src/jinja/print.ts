import type { Budget } from './budget.js';
import { codeEscape } from './characters.js';
import { failure, unsupported } from './fault.js';
import {
  Callable,
  Dict,
  DictView,
  Markup,
  Namespace,
  Range,
  Slice,
  Thing,
  Tuple,
  Undefined,
  type Value,
} from './values.js';

/** Decimal digits of the longest whole number that Python prints. */
const MOST_DIGITS = 4300;

/** Python's `str` and `repr`. `marks` are characters that pass through as they are, printable or not. */
export class Printer {
  constructor(
    readonly budget: Budget,
    readonly marks: readonly string[] = [],
  ) {}

  str(value: Value): string {
    if (typeof value === 'string') return value;
    if (value instanceof Markup) return value.text;
    if (value instanceof Undefined) return '';
    return this.repr(value);
  }

  repr(value: Value): string {
    const text = this.budget.within(() => this.written(value));
    this.budget.text(text.length);
    return text;
  }

  private written(value: Value): string {
    this.budget.spend();
    if (value === null) return 'None';
    if (typeof value === 'boolean') return value ? 'True' : 'False';
    if (typeof value === 'bigint') return intText(value);
    if (typeof value === 'number') return floatText(value);
    if (typeof value === 'string') return this.quoted(value);
    if (Array.isArray(value)) return `[${this.list(value)}]`;
    return this.thing(value);
  }

  private thing(value: Thing): string {
    if (value instanceof Markup) return `Markup(${this.quoted(value.text)})`;
    if (value instanceof Undefined) return 'Undefined';
    if (value instanceof Tuple) return `(${this.list(value.items)}${value.items.length === 1 ? ',' : ''})`;
    if (value instanceof Dict) return this.dict(value);
    if (value instanceof DictView) return `${value.type}([${this.list([...value])}])`;
    if (value instanceof Range) return rangeText(value);
    if (value instanceof Slice) return `slice(${this.list([value.start, value.stop, value.step])})`;
    if (value instanceof Namespace) return `<Namespace ${this.dict(value.attributes)}>`;
    if (value instanceof Callable && value.type === 'Macro') return `<Macro ${this.quoted(value.name)}>`;
    const own = value instanceof Printable ? value.printed() : undefined;
    if (own !== undefined) return own;
    throw unsupported(`the printed form of a ${value.type} (an address in memory)`);
  }

  private list(items: readonly Value[]): string {
    return this.joined(items, (item) => this.repr(item));
  }

  private dict(dict: Dict): string {
    return `{${this.joined([...dict.entries()], ([key, value]) => `${this.repr(key)}: ${this.repr(value)}`)}}`;
  }

  private joined<T>(items: readonly T[], write: (item: T) => string): string {
    const parts: string[] = [];
    let length = 0;
    for (const item of items) {
      const part = write(item);
      length += part.length + 2;
      this.budget.text(length - part.length); // what is together so far; the part has been paid
      parts.push(part);
    }
    return parts.join(', ');
  }

  /** A text in quotes, as Python writes it. */
  quoted(text: string): string {
    this.budget.text(text.length);
    const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
    const inner = text.replace(/[\\'"]|(?! )[\p{C}\p{Z}]/gu, (character) => {
      this.budget.characters(1);
      if (this.marks.includes(character)) return character;
      if (character === '\\' || character === quote) return `\\${character}`;
      if (character === "'" || character === '"') return character;
      return escaped(character.codePointAt(0)!);
    });
    return `${quote}${inner}${quote}`;
  }
}

/** A thing with a printed form of its own. */
export abstract class Printable extends Thing {
  abstract printed(): string;
}

function escaped(code: number): string {
  const short = { 10: '\\n', 13: '\\r', 9: '\\t' }[code];
  return short ?? `\\${codeEscape(code)}`;
}

export function intText(value: bigint): string {
  const text = value.toString();
  if (text.length > MOST_DIGITS + (value < 0n ? 1 : 0))
    throw failure(`Exceeds the limit (${String(MOST_DIGITS)} digits) for integer string conversion`);
  return text;
}

/** The shortest digits that give the number back, written as Python writes them. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa, power] = value.toExponential().split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const text =
    exponent < 0 ? value.toFixed(Math.max(0, mantissa.replace(/^-?\d\.?/, '').length - exponent)) : String(value);
  return text.includes('.') ? text : `${text}.0`;
}

function rangeText({ start, stop, step }: Range): string {
  return `range(${String(start)}, ${String(stop)}${step === 1 ? '' : `, ${String(step)}`})`;
}
