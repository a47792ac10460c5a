import { FRACTION } from './clean.js';
import { readCountingUnits, type Reading } from './counting_units.js';
import { matchAt } from './match_at.js';
import { add, decimal, divide, multiply, negate, ONE_HALF, whole, type Rational } from './rational.js';

/** A number as it stands in a text that {@link cleanText} gave. */
export interface NumberLiteral {
  /** Null where the digits are a part of something else: a date, a time, a power, a range, a sum. */
  value: Rational | null;
  /** A percent sign or word goes with it. */
  percent: boolean;
  /** Place in the text: of the sign, of the digits, and behind percent sign and counting units. */
  start: number;
  digits: number;
  end: number;
}

/** Where a number may begin: digits, a point before digits, a vulgar fraction, a fraction of LaTeX. */
const OPENING = /\d|(?<![\p{L}\d])\.(?=\d)|[¼-¾⅐-⅞↉]|\ue001/gu;
const BODY = /\d+(?:[.,]\d+|['’\u00a0\u2007\u2009\u202f]\d{3}(?!\d))*|\.\d+/y;
/** Thousands apart by a plain space. */
const SPACED_BODY = /\d{1,3}(?: \d{3})+(?:[.,]\d+)?(?![\d.,]*\d)/y;
const LATEX_FRACTION = new RegExp(
  String.raw` ?${FRACTION.open}(-?)(\d+(?:\.\d+)?)/(-?)(\d+(?:\.\d+)?)${FRACTION.close}`,
  'y',
);
const VULGAR = / ?([¼-¾⅐-⅞↉])/y;
/** 4分之3, 1又4分之3: the part is named first. */
const SHARE = / ?(?:分之|分の|분의) ?(\d{1,400})/y;
const MIXED_SHARE = / ?(?:과|와|と|又) ?(\d{1,400}) ?(?:分之|分の|분의) ?(\d{1,400})/y;
const THAI_SHARE = / ?ส่วน ?(\d{1,400})/y;
const THAI_MIXED_SHARE = / ?เศษ ?(\d{1,400}) ?ส่วน ?(\d{1,400})/y;
const MIXED = /(?: (?:and|и|і|та|й) | ?(?:과|와|と|又) ?| )(\d{1,400})\/(\d{1,400})(?![\d/])/y;
const SLASH = /\/(\d+(?:\.\d+)?)(?![\d/])/y;
const HALF =
  / (?:and|with) (?:a|one) half(?!\p{L})|(?:[个個]|小时|小時|天|年|時間|시간|개|년|일)? ?(?:半(?!径|徑)|반(?=$|[\s.,]|입니다|이다|이에요))| ?(?:ชั่วโมง|วัน|ปี|กิโลเมตร|กิโลกรัม|เมตร|อัน|ลูก)? ?ครึ่ง| з половиною| с половиной/uy;
const EXPONENT = /[eE]([+-]?\d{1,6})(?![\d\p{L}])/uy;
const POWER_OF_TEN = / ?[×*·x] ?10 ?\^(?:\{([+-]?[\d⁰¹²³⁴-⁹]{1,6})\}|([+-]?\d{1,6}))/y;
export const PERCENT =
  / ?(?:%|(?:percent(?:age)?(?: points?)?|per cent|pct\.?|відсот[а-яіїє]{0,5}|процент[а-яії]{0,5})(?!\p{L})|퍼센트|프로(?![가-힣])|パーセント|เปอร์เซ็นต์)/iuy;
/** Tenths: 3割, 2割5分, 3할, 7成. Thirty percent, twenty-five, and so on. */
const TENTHS = / ?(?:割(?:(\d)分)?(?![りるれっ合])|할(?=$|[\s\p{P}]|입니다|이다|이에요)|成(?!\p{Script=Han}))/uy;
const PERCENT_BEFORE = /(?:百分之|ร้อยละ) ?$/;
/** What a sign may stand behind: not Latin or Cyrillic letters, digits or closing brackets ("top-10", "5-3"). */
const SIGN_BEFORE = /(?<![\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\d)\]}%²π])([-+])\s?$/u;
const SPACED_SIGN_BEFORE = /(?:^|[\n(=:：,<>≈→]|[은는是为為は]|คือ|เท่ากับ)\s*([-+]) $/;
/** A dash at the head of a line with words behind its number begins a list item. */
const ITEM_BEFORE = /(?:^|\n)\s*- $/;
const ITEM_AFTER = /^[\d.,]+ \p{L}{2}/u;
const SIGN_WORD =
  /(?:(?<![\p{L}\p{M}])(?:minus|negative|мінус|минус)|(?<!\p{L})음수|마이너스|マイナス|负|負の?|(?:ติด)ลบ|(?<![\p{Script=Thai}\d] ?)ลบ|(?<=คือ ?|เท่ากับ ?|เป็น ?)ลบ|零下|영하|氷点下) ?$/iu;

const VULGAR_VALUES: Record<string, [number, number]> = {
  '¼': [1, 4],
  '½': [1, 2],
  '¾': [3, 4],
  '⅐': [1, 7],
  '⅑': [1, 9],
  '⅒': [1, 10],
  '⅓': [1, 3],
  '⅔': [2, 3],
  '⅕': [1, 5],
  '⅖': [2, 5],
  '⅗': [3, 5],
  '⅘': [4, 5],
  '⅙': [1, 6],
  '⅚': [5, 6],
  '⅛': [1, 8],
  '⅜': [3, 8],
  '⅝': [5, 8],
  '⅞': [7, 8],
  '↉': [0, 3],
};

/**
 * Every number in `text`, in order, each by itself; what stands between and round them is the concern of literals.ts. A number
 * of more than MAX_DIGITS digits or places has no value. Linear in the text.
 *
 * Which separator is which: of two kinds, the later is the decimal one; one kind more than once groups thousands; one comma
 * groups if exactly three digits follow and one to three, not a lone 0, stand before (1,234 but 0,123 and 12,34); one point is
 * always decimal. What is none of these (1,2,3) is no number.
 */
export function readNumbers(text: string, language?: string): NumberLiteral[] {
  const found: NumberLiteral[] = [];
  OPENING.lastIndex = 0;
  for (let match = OPENING.exec(text); match !== null; match = OPENING.exec(text)) {
    const at = match.index;
    const body = bodyEnd(text, at);
    if (isInName(text, at, body)) {
      OPENING.lastIndex = body;
      continue;
    }
    const read = readNumber(text, at, body, language);
    let end = read?.end ?? body;
    let value = read?.value ?? null;
    const tenths = value === null ? null : matchAt(TENTHS, text, end);
    if (value !== null && tenths !== null) {
      value = add(multiply(value, whole(10)), whole(Number(tenths[1] ?? 0)));
      end += tenths[0].length;
    }
    const percent = tenths ?? matchAt(PERCENT, text, end);
    const sign = readSign(text, at);
    OPENING.lastIndex = end;
    found.push({
      value: value !== null && sign.negative ? negate(value) : value,
      percent: percent !== null || PERCENT_BEFORE.test(text.slice(Math.max(0, at - 8), at)),
      start: sign.start,
      digits: at,
      end: end + (tenths === null ? (percent?.[0].length ?? 0) : 0),
    });
  }
  return found;
}

/** Where the run of digits ends that opens at `at`; digits with separators that make no number are one run too. */
function bodyEnd(text: string, at: number): number {
  const spaced = matchAt(SPACED_BODY, text, at);
  const body = matchAt(BODY, text, at);
  return at + Math.max(spaced?.[0].length ?? 0, body?.[0].length ?? 0, 1);
}

function readNumber(text: string, at: number, body: number, language?: string): Reading | null {
  const fraction = readFraction(text, { value: whole(0), end: at });
  if (fraction !== null) return fraction;
  const value = readDigits(text.slice(at, body));
  if (value === null) return null;
  const first = { value, end: body };

  const mixed = readFraction(text, first) ?? readMixed(text, first) ?? readShare(text, at, first);
  if (mixed !== null) return mixed;
  const slash = matchAt(SLASH, text, body);
  if (slash !== null) {
    const denominator = readDigits(slash[1]!);
    const quotient = denominator === null ? null : divide(value, denominator);
    return quotient === null ? null : { value: quotient, end: body + slash[0].length };
  }
  const power = matchAt(EXPONENT, text, body) ?? matchAt(POWER_OF_TEN, text, body);
  if (power !== null) {
    const scale = decimal('1', Number((power[1] ?? power[2])!));
    return scale === null ? null : { value: multiply(value, scale), end: body + power[0].length };
  }
  const counted = readCountingUnits(text, first, language);
  const half = matchAt(HALF, text, counted.end);
  return half === null ? counted : { value: add(counted.value, ONE_HALF), end: counted.end + half[0].length };
}

/** The fraction of LaTeX or of one character behind a whole number, added to it. */
function readFraction(text: string, { value, end }: Reading): Reading | null {
  const vulgar = matchAt(VULGAR, text, end);
  if (vulgar !== null) {
    const [above, below] = VULGAR_VALUES[vulgar[1]!]!;
    return {
      value: add(value, divide(whole(above), whole(below))!),
      end: end + vulgar[0].length,
    };
  }
  const latex = matchAt(LATEX_FRACTION, text, end);
  if (latex === null) return null;
  const above = decimal(latex[2]!);
  const below = decimal(latex[4]!);
  const part = above === null || below === null ? null : divide(above, below);
  if (part === null) return null;
  const negative = (latex[1] === '-') !== (latex[3] === '-');
  return { value: add(value, negative ? negate(part) : part), end: end + latex[0].length };
}

/** 1 3/4, 1 and 3/4, 1과 3/4: a proper fraction behind a whole number. */
function readMixed(text: string, { value, end }: Reading): Reading | null {
  const match = value.denominator === 1n ? matchAt(MIXED, text, end) : null;
  if (match === null) return null;
  const above = decimal(match[1]!)!;
  const below = decimal(match[2]!)!;
  const part = above.numerator < below.numerator ? divide(above, below) : null;
  return part === null ? null : { value: add(value, part), end: end + match[0].length };
}

/** 4分之3, 4分の3, 4분의 3, เศษ 3 ส่วน 4, and with a whole number before them. */
function readShare(text: string, at: number, { value, end }: Reading): Reading | null {
  const named = matchAt(SHARE, text, end);
  const thai = /เศษ ?$/.test(text.slice(Math.max(0, at - 4), at)) ? matchAt(THAI_SHARE, text, end) : null;
  const share = named ?? thai;
  if (share !== null) {
    const other = decimal(share[1]!)!;
    const part = named === null ? divide(value, other) : divide(other, value);
    return part === null ? null : { value: part, end: end + share[0].length };
  }
  const mixed = matchAt(MIXED_SHARE, text, end) ?? matchAt(THAI_MIXED_SHARE, text, end);
  if (mixed === null) return null;
  const [first, second] = [decimal(mixed[1]!)!, decimal(mixed[2]!)!];
  const part = mixed[0].includes('ส่วน') ? divide(first, second) : divide(second, first);
  return part === null ? null : { value: add(value, part), end: end + mixed[0].length };
}

/** Digits with separators to a value; see readNumbers for the rule. */
function readDigits(body: string): Rational | null {
  const plain = body.replace(/[ \u00a0\u2007\u2009\u202f'’]/g, '');
  // Thousands apart by spaces or apostrophes: the first group has at most three digits.
  if (plain !== body && !/^\d{1,3}(?:[^\d.,]\d{3})+(?:[.,]\d+)?$/.test(body)) return null;
  const separators = plain.replace(/\d/g, '');
  if (separators === '') return decimal(plain);
  const kinds = new Set(separators);
  const last = separators.at(-1)!;
  const tail = plain.slice(plain.lastIndexOf(last) + 1);
  const head = plain.slice(0, plain.length - tail.length - 1);

  if (plain !== body) return decimal(`${head}.${tail}`);
  if (kinds.size === 2) {
    if (separators.indexOf(last) !== separators.length - 1 || !isGrouped(head)) return null;
    return decimal(`${head.replace(/[.,]/g, '')}.${tail}`);
  }
  if (separators.length > 1) return isGrouped(plain) ? decimal(plain.replace(/[.,]/g, '')) : null;
  if (last === '.') return decimal(plain);
  const groups = tail.length === 3 && head.length <= 3 && head !== '0';
  return decimal(groups ? head + tail : `${head}.${tail}`);
}

/** 1,234,567 or, as in India, 12,34,567. */
function isGrouped(text: string): boolean {
  return /^\d{1,3}(?:[.,]\d{3})+$/.test(text) || /^\d{1,2}(?:[.,]\d{2})*[.,]\d{3}$/.test(text);
}

/** Digits of a name: x1, A4, AZ2K; not those after a word or a currency code (Rs500, USD 5). */
function isInName(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 2), start);
  if (!/[A-Za-z]$/.test(before)) return false;
  return !/^[A-Za-z]{2}$/.test(before) || /[A-Za-z]/.test(text[end] ?? '');
}

function readSign(text: string, at: number): { start: number; negative: boolean } {
  const before = text.slice(Math.max(0, at - 16), at);
  const item = ITEM_BEFORE.test(before) && ITEM_AFTER.test(text.slice(at, at + 40));
  const sign = item ? null : (SIGN_BEFORE.exec(before) ?? SPACED_SIGN_BEFORE.exec(before));
  if (sign !== null) {
    // A sign apart from its number is one only where nothing stands before it: "답 - 5" is a dash.
    const apart = /\s$/.test(before);
    if (!apart || SPACED_SIGN_BEFORE.test(before)) {
      const mark = text.lastIndexOf(sign[1]!, at);
      return { start: mark, negative: sign[1] === '-' };
    }
  }
  const word = SIGN_WORD.exec(before);
  if (word === null) return { start: at, negative: false };
  const start = at - (before.length - word.index);
  // "10 minus 5" takes away; "is minus 5" is a number.
  const taken = /[\d)%]\s*\S{0,2}\s*$/.test(text.slice(Math.max(0, start - 4), start));
  return taken ? { start: at, negative: false } : { start, negative: true };
}
