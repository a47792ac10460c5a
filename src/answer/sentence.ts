import { cleanText } from './clean.js';
import { ANSWER_CUE, CORRECTION, FILLER } from './cue.js';
import { endsInEquals, readLiterals } from './literals.js';
import type { NumberLiteral } from './number.js';
import { readNumberWords } from './number_words.js';
import type { Rational } from './rational.js';

/** How far back from the end the answer is looked for, first near and then far. */
const WINDOWS = [2_000, 12_000];
/** Numbers of a window that are looked at, from its end. */
const MOST_NUMBERS = 100;

export interface Spoken {
  value: Rational | null;
  percent: boolean;
  text: string;
}

/**
 * The answer of a finished text without a marked one: the number behind the last "the answer is" (in each language that is
 * measured) that nothing takes back; else the last number that is not set aside. Set aside are what is denied or compared with
 * ("not 5", "more than 5", "5가 아니라", "5ではなく"), what stands in brackets behind a number, and the numbers of list items
 * and steps. Null without any.
 */
export function spokenAnswer(whole: string): Spoken | null {
  for (const window of WINDOWS) {
    const cut = whole.length > window;
    const clean = cleanText(cut ? whole.slice(-window) : whole).replace(/[ \t]+/g, ' ');
    const text = clean.slice(startOfNumbers(clean));
    // At the border a number may be cut.
    const literals = readLiterals(text, false).filter(({ start }) => !cut || start > 0);
    const answer = behindCue(text, literals) ?? lastNumber(text, literals);
    if (answer !== null || !cut) return answer;
  }
  return null;
}

/** Where the last MOST_NUMBERS runs of digits begin. */
function startOfNumbers(text: string): number {
  let runs = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    const code = text.charCodeAt(at);
    const begins = isFraction(code) || (isDigit(code) && !isDigit(text.charCodeAt(at - 1)));
    if (begins && ++runs > MOST_NUMBERS) return at;
  }
  return 0;
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
/** A vulgar fraction, or the bracket of one. */
const isFraction = (code: number): boolean =>
  (code >= 0xbc && code <= 0xbe) || (code >= 0x2150 && code <= 0x2189) || code === 0xe001;

function behindCue(text: string, literals: readonly NumberLiteral[]): Spoken | null {
  for (const cue of [...text.matchAll(ANSWER_CUE)].reverse()) {
    const from = cue.index + cue[0].length;
    FILLER.lastIndex = from;
    const at = from + (FILLER.exec(text)?.[0].length ?? 0);
    const first = literals.findIndex(({ start, end }) => end > at && start >= from);
    const number = literals[first];
    if (number === undefined || number.start > at) {
      const words = readNumberWords(text, at);
      if (words === null || isTakenBack(text, words.end, literals)) continue;
      return { ...words, text: text.slice(at, words.end) };
    }
    const last = endOfChain(text, literals, first);
    if (last === null) return null;
    if (isSetAside(text, last) || isTakenBack(text, last.end, literals)) continue;
    return { value: last.value, percent: last.percent, text: shown(text, last) };
  }
  return null;
}

/** The last number of "3 + 4 = 7"; one without a value where the chain ends in a bare equals sign. */
function endOfChain(text: string, literals: readonly NumberLiteral[], first: number): NumberLiteral | null {
  let at = first;
  while (at + 1 < literals.length) {
    const gap = text.slice(literals[at]!.end, literals[at + 1]!.start);
    if (!/^[^\n=≈]{0,20}[=≈][^\n\p{L}\d]{0,8}$/u.test(gap)) break;
    at++;
  }
  const last = literals[at]!;
  return endsInEquals(text, last) ? { ...last, value: null } : last;
}

/** A question mark behind it, or words that correct it with another number after them. */
function isTakenBack(text: string, end: number, literals: readonly NumberLiteral[]): boolean {
  if (/^[\p{L}\p{M} ]{0,12}[?？]/u.test(text.slice(end, end + 16))) return true;
  const correction = CORRECTION.exec(text.slice(end));
  return correction !== null && literals.some(({ start }) => start > end + correction.index);
}

function lastNumber(text: string, literals: readonly NumberLiteral[]): Spoken | null {
  for (let i = literals.length - 1; i >= 0; i--) {
    const literal = literals[i]!;
    if (isSetAside(text, literal) || isAside(text, literals, i)) continue;
    const value = endsInEquals(text, literal) ? null : literal.value;
    return { value, percent: literal.percent, text: shown(text, literal) };
  }
  return null;
}

const DENIED_BEFORE =
  /(?:(?<!\p{L})(?:(?:not|cannot|can't|isn't|wasn't|won't)(?: be)?|never|instead of|rather than|(?<!no (?:more|less|fewer) )than|out of|up from|down from|compared (?:to|with)|versus|vs\.?|unlike|excluding|as opposed to)(?: (?:just|only|exactly|the|his|her|their|its|original|initial|other)){0,2}|不是|并非|並非|而非|不等于|不为|而不是|比|多于|少于|大于|小于|ไม่ใช่(?:แค่)?|มากกว่า|น้อยกว่า|แทนที่จะเป็น|(?<!\p{L})(?:не|замість|вместо|ніж|чем))[ *"'“(]*$/iu;
const DENIED_AFTER =
  /^[^\n\d.,。]{0,4}?(?:이|가|은|는)? ?(?:아니|아닌|아닙)|^[^\n\d.,。]{0,4}?(?:보다| 대신)|^[^\n\d.,。、]{0,3}?(?:では|じゃ)(?:な|あ)|^[^\n\d.,。、]{0,3}?(?:より|の代わり)|^,? (?:is|was|would be) (?:not|wrong|incorrect)|^ isn't/iu;
const LABEL_BEFORE =
  /(?:(?<!\p{L})(?:steps?|questions?|problem|part|case|figure|fig\.|eq\.|equations?|method|approach|example|крок\p{L}{0,2}|шаг\p{L}{0,2}|завдання|задач\p{L}{0,2})|단계|방법|步骤|步驟|方法|ステップ|手順|ขั้นตอน(?:ที่)?)[ #№(]*$/iu;

/** Denied, compared with, the number of a step, or of a list item. */
function isSetAside(text: string, { start, end }: NumberLiteral): boolean {
  const before = text.slice(Math.max(0, start - 48), start);
  const after = text.slice(end, end + 24);
  if (DENIED_BEFORE.test(before) || DENIED_AFTER.test(after) || LABEL_BEFORE.test(before)) return true;
  if (/^ ?(?:단계|步(?!骤?\p{L}))/u.test(after) || /\S\[$/.test(before)) return true;
  return /(?:^|\n)[ *#-]*$/.test(before) && /^[.)、] ?\*{0,2}\s?[\p{L}*]/u.test(after) && end - start <= 2;
}

/** In brackets that opened behind another number of its line: "6 (3 red and 3 green)"; but not "6 (= 3 + 3)". */
function isAside(text: string, literals: readonly NumberLiteral[], i: number): boolean {
  const { start } = literals[i]!;
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  const line = text.slice(Math.max(lineStart, start - 200), start);
  const open = line.lastIndexOf('(');
  if (open < 0 || line.includes(')', open) || /^\(\s*[=≈]/.test(line.slice(open))) return false;
  const openAt = start - line.length + open;
  return literals.slice(Math.max(0, i - 16), i).some(({ start: other, end }) => other >= lineStart && end <= openAt);
}

function shown(text: string, { start, end }: NumberLiteral): string {
  return text.slice(start, end).trim();
}
