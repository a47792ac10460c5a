import { cleanText } from './clean.js';
import { ANSWER_CUE, CORRECTION, FILLER } from './cue.js';
import { endsInEquals, readLiterals } from './literals.js';
import { matchAt } from './match_at.js';
import type { NumberLiteral } from './number.js';
import { readNumberWords } from './words/read.js';
import type { Rational } from './rational.js';
import { isAside, isCompared, isSetAside } from './set_aside.js';
import { lastInWords } from './spoken_words.js';

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
export function spokenAnswer(whole: string, language?: string): Spoken | null {
  for (const window of WINDOWS) {
    const cut = whole.length > window;
    const clean = cleanText(cut ? whole.slice(-window) : whole).replace(/[ \t]+/g, ' ');
    const text = clean.slice(startOfNumbers(clean));
    // At the border a number may be cut.
    const literals = readLiterals(text, false, language).filter(({ start }) => !cut || start > 0);
    const answer =
      behindCue(text, literals, language) ?? beforeCue(text, literals) ?? lastNumber(text, literals, language);
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

function behindCue(text: string, literals: readonly NumberLiteral[], language?: string): Spoken | null {
  for (const cue of [...text.matchAll(ANSWER_CUE)].reverse()) {
    const from = cue.index + cue[0].length;
    const at = from + (matchAt(FILLER, text, from)?.[0].length ?? 0);
    const first = literals.findIndex(({ start, end }) => end > at && start >= from);
    const number = literals[first];
    if (number === undefined || number.start > at) {
      const words = readNumberWords(text, at, language);
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

/** Behind the number, that it is the answer: "7 is the answer", 7이 정답이다. */
const POSTPOSED =
  /^[^\n\d.]{0,12}? (?:is|was) (?:the|our|my) (?:final |correct )?answer|^[^\n\d.,]{0,3}?(?:이|가) ?(?:정답|답이|답입)|^[^\d\n。]{0,3}(?:が|は)(?:答え|正解)|^[^\d\n。]?(?:就)?是(?:最终|正确|正確)?的?答案|^[^\d\n]{0,8}คือคำตอบ|^ ?[—–-]? ?(?:(?:це|є|это) )(?:відповідь|ответ)/iu;

function beforeCue(text: string, literals: readonly NumberLiteral[]): Spoken | null {
  for (let i = literals.length - 1; i >= 0; i--) {
    const literal = literals[i]!;
    if (!POSTPOSED.test(text.slice(literal.end, literal.end + 40)) || isSetAside(text, literal)) continue;
    return { value: literal.value, percent: literal.percent, text: shown(text, literal) };
  }
  return null;
}

/** The last number, in digits or in words, that is neither set aside nor, where there is another, compared with. */
function lastNumber(text: string, literals: readonly NumberLiteral[], language?: string): Spoken | null {
  const stands = (literal: NumberLiteral, i: number): boolean =>
    !isSetAside(text, literal) && !isAside(text, literals, i);
  const last =
    literals.findLast((literal, i) => stands(literal, i) && !isCompared(text, literal)) ?? literals.findLast(stands);
  const words = lastInWords(text, last === undefined ? null : literals.at(-1)!.end, language, (read) =>
    isSetAside(text, read),
  );
  if (words !== null) return { ...words, text: text.slice(words.start, words.end) };
  if (last === undefined) return null;
  return { value: endsInEquals(text, last) ? null : last.value, percent: last.percent, text: shown(text, last) };
}

function shown(text: string, { start, end }: NumberLiteral): string {
  return text.slice(start, end).trim();
}
