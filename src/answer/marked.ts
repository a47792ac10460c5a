import { cleanText } from './clean.js';
import { readLiterals } from './literals.js';
import type { NumberLiteral } from './number.js';
import { readNumberWords } from './words/read.js';
import type { Rational } from './rational.js';
import { isSetAside } from './set_aside.js';

/** Characters of an answer line, of a box and of a gold answer that are read; what is longer is not a number. */
export const MARKED_LIMIT = 600;
/** Marks that are looked at from the end; a text of nothing but marks is not searched through. */
const MOST_MARKS = 16;

/** What a marked answer says. */
export interface Marked {
  /** Null where it is no number, such as \boxed{x + 1} or a line that ends in a bare equals sign. */
  value: Rational | null;
  percent: boolean;
  /** What stands there, as it was written. */
  text: string;
  /** Where the mark stands. */
  at: number;
}

/** The last answer line (`####`) that is an answer and not a heading; `finished`: the text was not broken off. */
export function hashAnswer(text: string, finished = true, language?: string): Marked | null {
  for (const { content, isLast, at } of hashLines(text, finished)) {
    const number = readLine(content, isLast, language);
    if (number !== null) return { ...number, text: content.trim(), at };
  }
  return null;
}

/** The last box that is not taken back, as a number. */
export function boxedAnswer(text: string, language?: string): Marked | null {
  const box = lastBox(text);
  if (box === null) return null;
  const number = readNumber(box.content, { language });
  return { value: number?.value ?? null, percent: number?.percent ?? false, text: box.content.trim(), at: box.at };
}

/** What stands behind a mark. */
export interface Mark {
  content: string;
  at: number;
}

/** The `####` lines of a text from its end; `isLast`: nothing but space follows, and the text was not broken off there. */
export function* hashLines(text: string, finished: boolean): Generator<Mark & { isLast: boolean }> {
  let mark = text.length;
  for (let tries = 0; tries < MOST_MARKS && mark > 0; tries++) {
    mark = text.lastIndexOf('####', mark - 1);
    if (mark < 0) return;
    const lineEnd = text.indexOf('\n', mark);
    const content = text.slice(mark + 4, Math.min(lineEnd < 0 ? text.length : lineEnd, mark + 4 + MARKED_LIMIT));
    const isLast = lineEnd < 0 ? finished : text.slice(lineEnd, lineEnd + 200).trim() === '';
    yield { content, isLast, at: mark };
  }
}

/** The last \boxed{} or \fbox{} with balanced braces that is not taken back ("not \boxed{5}"). */
export function lastBox(text: string): Mark | null {
  let mark = text.length;
  for (let tries = 0; tries < MOST_MARKS && mark > 0; tries++) {
    mark = text.lastIndexOf('box', mark - 1);
    if (mark < 0) return null;
    const open = /^box(?:ed)?\s{0,4}\{/.exec(text.slice(mark, mark + 12));
    if (open === null || (text[mark - 1] !== '\\' && text.slice(mark - 2, mark) !== '\\f')) continue;
    const content = braced(text, mark + open[0].length);
    if (content === null || TAKEN_BACK.test(text.slice(Math.max(0, mark - 40), mark))) continue;
    return { content, at: mark };
  }
  return null;
}

const TAKEN_BACK = /(?:\bnot|n't|instead of|rather than|不是|而非|ไม่ใช่|(?<!\p{L})не)[\s$*(]*(?:\\\(\s*)?\\f?$/iu;

/** What stands in the braces that are open at `from`, or null where they do not close. */
function braced(text: string, from: number): string | null {
  let depth = 1;
  for (let i = from; i < Math.min(text.length, from + MARKED_LIMIT); i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '{') depth++;
    else if (text[i] === '}' && --depth === 0) return text.slice(from, i);
  }
  return null;
}

type NumberRead = Pick<NumberLiteral, 'value' | 'percent'>;
const NO_NUMBER: NumberRead = { value: null, percent: false };

/**
 * The number that a box or a gold answer consists of, beside units and words; null where it is more, or less. Of a gold answer
 * only digits are read, and a sentence before them is more than a number.
 */
export function readNumber(
  content: string,
  { gold = false, language }: { gold?: boolean; language?: string | undefined } = {},
): NumberRead | null {
  const side = lastSide(tidy(cleanText(content)));
  if (side === null) return null;
  const literals = readLiterals(side, true, language);
  if (literals.length === 0) return gold ? null : wholeWords(side, language);
  const [number] = literals as [NumberLiteral];
  if (literals.length > 1 || number.value === null) return null;
  // "Rs. 5" and "USD 5", but no "The answer is: 5".
  if (gold && /\p{L}[^\d]{5}/u.test(side.slice(0, number.start))) return null;
  return isMeasure(side, number) ? number : null;
}

/** The number of an answer line, null where the line is a heading or text. A line that says more than a number has no value. */
export function readLine(line: string, isLast: boolean, language?: string): NumberRead | null {
  const clean = tidy(cleanText(line));
  if (HEADING.test(clean)) return null;
  const begins = ANSWER_BEGINS.test(clean);
  if (!begins && !isLast) return wholeWords(clean, language);
  const side = lastSide(clean);
  if (side === null) return begins || (isLast && /\d/.test(clean)) ? NO_NUMBER : null;
  const [number] = readLiterals(side, true, language);
  if (number === undefined) {
    const words = wholeWords(side, language);
    if (words !== null) return words;
    return begins && /\d/.test(clean) ? NO_NUMBER : null;
  }
  const before = side.slice(0, number.start);
  const sound = !ALGEBRA.test(before.replace(/^[^\p{L}\d]*\(?$/u, '')) && !/[<>≤≥]/.test(before);
  return sound && !isSetAside(side, number) ? number : NO_NUMBER;
}

/** Whether an answer line is a heading: `#### 1. Add the apples`, `#### Step 2: ...`. */
export function isHeading(line: string): boolean {
  return HEADING.test(tidy(cleanText(line)));
}

/** Parts of a solution. */
const HEADING =
  /^\d{1,2}\s?(?:[.)、：:]|번)\s*(?:$|[^\d\s][^\d]{0,3}\p{L}|\p{L})|^[①-⑳]|^(?:step|part|case|stage|phase)\b|^\d{0,2}\s?단계|^(?:步骤|步驟|第.{1,3}步|ステップ|手順|ขั้นตอน|крок|шаг|этап|етап)/iu;
/** The line begins with its number, an expression, a label or an unknown. */
const ANSWER_BEGINS =
  /^(?:[-+√±.(¼-¾⅐-⅞\ue001]|\d|(?:final |the )?(?:answer|result)|(?:최종 ?)?(?:정답|답)|答案|答え?|คำตอบ|відповідь|ответ|(?:sqrt|sin|cos|log|ln)(?!\p{L})|[A-Za-z] ?=|approximately|about|約|约|약 )/iu;
/** What a number beside letters and units must not have: it is algebra then. */
const ALGEBRA = /[\\^*+<>≤≥|_{}[\]()√±=]|(?<![\p{L}°])[A-Za-zα-ω](?![\p{L}'’])/u;

/** The side behind the last equals sign, where what stands before is a chain that leads to it; null where it is not. */
function lastSide(clean: string): string | null {
  const sides = clean.split(/[=≈]/);
  const last = sides.pop()!;
  const leads = sides.every(
    (side) =>
      // "x = 5", "3 + 4 = 7" and "5 cm + 3 cm = 8 cm" lead to their last side; "x + y = 7" and "a = 4, b = 5" do not.
      /^[\p{L}\p{M}\s.:]*$/u.test(side) ||
      (!/,(?!\d{3})|[<>≤≥]/.test(side) &&
        !/(?<![\p{L}])(?![mglhs](?![\p{L}]))[A-Za-z](?![\p{L}(])/u.test(side.replaceAll(' x ', '*'))),
  );
  if (!leads) return null;
  return sides.length > 0 && last.trim() === '' ? null : last;
}

function wholeWords(side: string, language?: string): NumberRead | null {
  const clean = side.trim();
  const read = readNumberWords(clean, 0, language);
  if (read === null) return null;
  return /^[\s.,!。]*$|^[\s\p{L}\p{M}]{0,24}[.。]?$/u.test(clean.slice(read.end)) ? read : null;
}

/** "3 cm", "60 km/h", "3개", "$5", "x": a lone letter that is no unit is algebra. */
function isMeasure(side: string, { start, end }: NumberLiteral): boolean {
  const before = side.slice(0, start);
  const after = side.slice(end).replace(/^[\s)}\]]+/, '');
  if (ALGEBRA.test(before) || /-\s*$/.test(before)) return false;
  if (MEASURE.test(after)) return true;
  return !ALGEBRA.test(after) && !/\/|\d/.test(after);
}

/** Units of measure: products, quotients and powers of words (km/h, N·m, m/s², км/год, cm^2, °C, 명/일). */
const MEASURE = /^°? ?(?:[CFK](?!\p{L}))?(?:[\p{L}\p{M}'’.]+²?(?:\s?[/·⋅*×-]\s?|\s+(?:per\s+)?|$))*[.]?$/u;

/** Without white space, colons and stops round it, and without one pair of brackets that hold all of it. */
function tidy(clean: string): string {
  return clean
    .replace(/^[\s:：*_"'“”«»「」『』]+|[\s.。,，;*_"'“”«»「」『』]+$/gu, '')
    .replace(/^[({[]([^(){}[\],]{1,400})[)}\]]$/, '$1')
    .trim();
}
