import { foldDigits } from './digits.js';
import { add, decimal, divide, multiply, negate, type Rational } from './rational.js';

export interface NumberLiteral {
  value: Rational;
  /** A percent sign follows. */
  percent: boolean;
  /** Place in the folded text, sign and currency included. */
  start: number;
  end: number;
}

/** A number begins with digits, with a point before digits, or with a LaTeX fraction. */
const OPENING = /\\[dtc]?frac|\d+(?:[.,'’]\d+|[\u00a0\u2007\u2009\u202f]\d{3}(?!\d))*|(?<![\p{L}\d])\.\d+/gu;
const LATEX_FRACTION = /\\[dtc]?frac ?(?:\{ ?(-?\d+(?:\.\d+)?) ?\}|(\d)) ?(?:\{ ?(-?\d+(?:\.\d+)?) ?\}|(\d))/y;
const MIXED_FRACTION = / (\d+)\/(\d+)(?![\d/])/y;
const SLASH_FRACTION = /\/(\d+(?:\.\d+)?)(?![\d/])/y;
const EXPONENT = /[eE]([+-]?\d{1,6})(?![\d\p{L}])/uy;
const POWER_OF_TEN = / ?(?:×|\\times|\\cdot|\*|·|x) ?10\^(?:\{([+-]?\d{1,6})\}|([+-]?\d{1,6}))/y;
const PERCENT = / ?\\?%/y;
const BEFORE = /([-+])? ?(?:\\?\$|[€£¥₩₴฿₽₹￥])? ?([-+])?$/u;

/** Written after the digits, a space between or none. */
const NAMED_MULTIPLIER =
  / ?(thousand|million|billion|trillion|тисяч[аі]?|тис\.|тысяч[аи]?|мільйон(?:ів|и|а)?|миллион(?:ов|а)?|млн|мільярд(?:ів|и|а)?|млрд|พัน|หมื่น|แสน|ล้าน)(?![A-Za-z\u0400-\u04ff])/y;
/** Written against the digits; may be followed by a smaller part (1億2000万). 千克 and 千米 are units. */
const EAST_ASIAN_MULTIPLIER = /([万萬만億亿억兆]|千(?![克米瓦卡帕焦赫]))(\d+(?:\.\d+)?)?/y;

/** Decimal places by the first letters of the multiplier. */
const MULTIPLIER_PLACES: readonly [string, number][] = [
  ['thousand', 3],
  ['million', 6],
  ['billion', 9],
  ['trillion', 12],
  ['тис', 3],
  ['тыс', 3],
  ['мільй', 6],
  ['милли', 6],
  ['млн', 6],
  ['мілья', 9],
  ['млрд', 9],
  ['พัน', 3],
  ['หมื่น', 4],
  ['แสน', 5],
  ['ล้าน', 6],
  ['千', 3],
  ['万', 4],
  ['萬', 4],
  ['만', 4],
  ['億', 8],
  ['亿', 8],
  ['억', 8],
  ['兆', 12],
];

/**
 * Every number in `text`, in order. Understood: digits of any script; grouped thousands (1,234 · 1.234.567 · 1'234 · narrow
 * spaces · 12,34,567); decimal point and comma; sign, U+2212 too; currency before; percent after; 3/4, 1 3/4, \frac{3}{4},
 * 2\frac13; 1.5e3, 1.5 × 10^3; 3万, 1億2000万, 3만, 5 million, 2 ล้าน. A number beyond MAX_DIGITS digits or places is left
 * out. Work is linear in the text; callers bound its length.
 *
 * Which separator is which: of two kinds, the later is the decimal one; one kind more than once groups thousands; one comma
 * groups if exactly three digits follow and one to three, not a lone 0, stand before (1,234 but 0,123 and 12,34); one point is
 * always decimal. What is none of these (1,2,3) is read as a list, of which the last member counts. A minus sign straight
 * after a letter, a digit or a closing bracket is a subtraction or a hyphen, not a sign.
 */
export function findNumbers(text: string): NumberLiteral[] {
  const folded = foldDigits(text);
  const found: NumberLiteral[] = [];
  OPENING.lastIndex = 0;
  for (let match = OPENING.exec(folded); match !== null; match = OPENING.exec(folded)) {
    if (isInName(folded, match.index, OPENING.lastIndex)) continue;
    const read = readNumber(folded, match.index, match[0]);
    if (read === null) continue;
    OPENING.lastIndex = Math.max(read.end, match.index + match[0].length);
    const { start, negative } = readSign(folded, match.index);
    const percent = matchAt(PERCENT, folded, read.end);
    found.push({
      value: negative ? negate(read.value) : read.value,
      percent: percent !== null,
      start,
      end: read.end + (percent?.[0].length ?? 0),
    });
  }
  return found;
}

function readNumber(text: string, at: number, opening: string): { value: Rational; end: number } | null {
  if (opening.startsWith('\\')) return readLatexFraction(text, at);
  const whole = readDigits(opening);
  if (whole === null) return null;
  const end = at + opening.length;

  const latex = readLatexFraction(text, text[end] === ' ' ? end + 1 : end);
  if (latex !== null) return { value: add(whole, latex.value), end: latex.end };
  const mixed = matchAt(MIXED_FRACTION, text, end);
  if (mixed !== null) return withPart(whole, mixed[1]!, mixed[2]!, end + mixed[0].length);
  const slash = matchAt(SLASH_FRACTION, text, end);
  if (slash !== null) {
    const denominator = readDigits(slash[1]!);
    const value = denominator === null ? null : divide(whole, denominator);
    return value === null ? null : { value, end: end + slash[0].length };
  }
  const power = matchAt(EXPONENT, text, end) ?? matchAt(POWER_OF_TEN, text, end);
  if (power !== null) {
    const scale = decimal('1', Number(power[1] ?? power[2]));
    return scale === null ? null : { value: multiply(whole, scale), end: end + power[0].length };
  }
  return readMultipliers(text, whole, end);
}

function readMultipliers(text: string, whole: Rational, end: number): { value: Rational; end: number } {
  const named = matchAt(NAMED_MULTIPLIER, text, end);
  if (named !== null) return { value: scaled(whole, named[1]!), end: end + named[0].length };
  let total: Rational | null = null;
  let part: Rational | null = whole;
  let at = end;
  for (let match = matchAt(EAST_ASIAN_MULTIPLIER, text, at); part !== null && match !== null;) {
    const value = scaled(part, match[1]!);
    total = total === null ? value : add(total, value);
    part = match[2] === undefined ? null : decimal(match[2]);
    at += match[0].length;
    match = part === null ? null : matchAt(EAST_ASIAN_MULTIPLIER, text, at);
  }
  if (total === null) return { value: whole, end };
  return { value: part === null ? total : add(total, part), end: at };
}

function scaled(value: Rational, multiplier: string): Rational {
  const [, places] = MULTIPLIER_PLACES.find(([name]) => multiplier.startsWith(name))!;
  return multiply(value, decimal('1', places)!);
}

function readLatexFraction(text: string, at: number): { value: Rational; end: number } | null {
  const match = matchAt(LATEX_FRACTION, text, at);
  if (match === null) return null;
  const above = signedDecimal(match[1] ?? match[2]!);
  const below = signedDecimal(match[3] ?? match[4]!);
  const value = above === null || below === null ? null : divide(above, below);
  return value === null ? null : { value, end: at + match[0].length };
}

function withPart(whole: Rational, above: string, below: string, end: number): { value: Rational; end: number } | null {
  const numerator = decimal(above);
  const denominator = decimal(below);
  const part = numerator === null || denominator === null ? null : divide(numerator, denominator);
  return part === null ? null : { value: add(whole, part), end };
}

function signedDecimal(text: string): Rational | null {
  const value = decimal(text.replace('-', ''));
  return value !== null && text.startsWith('-') ? negate(value) : value;
}

/** Digits with separators to a value; see findNumbers for the rule. */
function readDigits(body: string): Rational | null {
  const plain = body.replace(/[\u00a0\u2007\u2009\u202f'’]/g, '');
  const separators = plain.replace(/\d/g, '');
  if (separators === '') return decimal(plain);
  const kinds = new Set(separators);
  const last = separators.at(-1)!;
  const tail = plain.slice(plain.lastIndexOf(last) + 1);
  const head = plain.slice(0, plain.length - tail.length - 1);

  if (kinds.size === 2) {
    const grouped = separators.indexOf(last) === separators.length - 1 && isGrouped(head);
    return decimal(grouped ? `${head.replace(/[.,]/g, '')}.${tail}` : tail);
  }
  if (separators.length > 1) return decimal(isGrouped(plain) ? plain.replace(/[.,]/g, '') : tail);
  if (last === '.') return decimal(plain);
  const groups = tail.length === 3 && head.length <= 3 && head !== '0';
  return decimal(groups ? head + tail : `${head}.${tail}`);
}

/** 1,234,567 or, as in India, 12,34,567. */
function isGrouped(text: string): boolean {
  return /^\d{1,3}(?:[.,]\d{3})+$/.test(text) || /^\d{1,2}(?:[.,]\d{2})*[.,]\d{3}$/.test(text) || /^\d+$/.test(text);
}

/** Digits of a name: x1, A4, AZ2K; not those after a word or a currency code (Rs500, USD 5). */
function isInName(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  if (!/[A-Za-z]$/.test(before)) return false;
  return !/^[A-Za-z]{2}$/.test(before) || /[A-Za-z]/.test(text[end] ?? '');
}

function readSign(text: string, at: number): { start: number; negative: boolean } {
  const window = text.slice(Math.max(0, at - 8), at);
  const match = BEFORE.exec(window)!;
  if (match[0].trim() === '') return { start: at, negative: false };
  let start = at - match[0].length;
  let negative = (match[1] === '-') !== (match[2] === '-');
  if (match[1] !== undefined || match[2] !== undefined) {
    const signAt = match[1] !== undefined ? start : at - 1;
    const before = signAt > 0 ? text[signAt - 1]! : ' ';
    const spaced = match[1] !== undefined && /^[-+] $/.test(match[0]);
    // "5 - 3", "5-3", "x-3", "top-10": not a sign.
    if (/[\p{L}\d)\]}%]/u.test(before) || (spaced && before !== '\n' && signAt > 0)) {
      negative = false;
      start = signAt + 1;
    }
  }
  return { start, negative };
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
