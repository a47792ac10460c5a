import { readNumber } from '../marked.js';
import { timeOrDate } from './calendar.js';
import { type Formula, type Scalar } from './formula.js';
import { parseFormula } from './parse.js';
import { plainFormula } from './plain.js';
import type { Comma } from './tokens.js';
import { FUNCTIONS } from './vocabulary.js';

/** Characters of an answer that are read. */
export const LONGEST_ANSWER = 1000;
/** Words of a gold answer in words that is judged. */
const MOST_WORDS = 12;

/** An answer in the ways it may be read: 3,5 is a decimal number or two whole ones. */
export interface Reading {
  formulas: readonly Formula[];
  /** What it says without what sets its type; answers that are words are compared by it. */
  text: string;
}

/** A gold answer is read without knowing its language. */
interface ReadOptions {
  gold?: boolean;
  language?: string | undefined;
}

/** What an answer says; null where it is neither a formula nor a few words. */
export function readAnswer(content: string, options: ReadOptions = {}): Reading | null {
  const { gold = false } = options;
  if (content.length > LONGEST_ANSWER) return null;
  const plain = plainFormula(content.replace(/^[\s:：*]+|[\s.。,，;*]+$/gu, ''));
  const text = wordsOf(plain);
  if (text === '') return null;
  const formulas = formulasOf(content, plain, options);
  if (formulas.length === 0 && gold && (text.split(' ').length > MOST_WORDS || /[\\^_]/.test(text))) return null;
  return { formulas, text };
}

function formulasOf(content: string, plain: string, { gold = false, language }: ReadOptions): Formula[] {
  const moment = timeOrDate(plain);
  if (moment !== null) return isClock(moment) ? [moment, ...parsedWays(plain, gold)] : [moment];
  if (isProse(plain)) return numberIn(content, gold, language);
  const letters = /(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])/.test(plain.replace(/\\text[a-z]{0,8}\s?\{[^{}]*\}/g, ' '));
  const attached = /\d[A-Za-z](?![A-Za-z])/.test(plain);
  const found: Formula[] = [];
  if (!/[=:∈]|\d\.\d{6}|\\overline|_/.test(plain) && !(gold ? attached : false)) {
    found.push(...numberIn(content, gold, language));
    if (found.length > 0 && !letters && !/\d,\d/.test(plain)) return found;
  }
  found.push(...parsedWays(plain, gold));
  return found.length === 0 && !gold ? numberIn(content, gold, language) : found;
}

/** 3:15 may be a ratio too. */
const isClock = (moment: Formula): boolean => moment.kind === 'time' && moment.parts[3] === null;

function parsedWays(plain: string, gold: boolean): Formula[] {
  // A gold answer whose commas group thousands is no list.
  const grouped = gold && /^[^,\d]*\d{1,3}(?:,\d{3})+(?![,\d])[^,]*$/.test(plain);
  const ways: Comma[] = grouped ? ['number'] : /\d,\d/.test(plain) ? ['number', 'list'] : ['list'];
  return ways.flatMap((comma) => parseFormula(plain, comma)?.formula ?? []);
}

function numberIn(content: string, gold: boolean, language: string | undefined): Formula[] {
  const number = readNumber(content, { gold, language });
  if (number?.value == null) return [];
  const value: Scalar = { kind: 'number', value: number.value, places: 0 };
  return [number.percent ? { kind: 'percent', of: value } : value];
}

/** Whether a text begins with words that are no names of functions. */
function isProse(plain: string): boolean {
  const head = /^[^\d\\]{0,200}/.exec(plain)![0].replace(FUNCTION_WORDS, ' 1 ');
  return /(?<!\p{L})\p{L}{2,} +\p{L}{2,}|(?<!\p{L})(?:is|are|equals) /u.test(head);
}

const FUNCTION_WORDS = new RegExp(String.raw`(?<!\p{L})(?:${[...FUNCTIONS].join('|')}|and|or|pi)(?!\p{L})`, 'gu');

/** Words without what sets their type, in small letters; what is no words without spaces. */
function wordsOf(plain: string): string {
  const bare = plain
    .replace(
      /\\(?:text|math)[a-z]{0,8}(?![a-z])|\\(?:mbox|hbox|displaystyle|boxed|q?quad)(?![a-z])|\\[,;:! ]|[$*"“”]/g,
      ' ',
    )
    .replace(/[.,;。\s]+$/, '')
    .trim();
  const words = bare
    .replace(/[{}]/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^ ?\(([^()]*)\) ?$/, '$1')
    .trim();
  if (!/^[\p{L}\p{M}①-⑩' ,-]+$/u.test(words))
    return /\p{L}{2} \p{L}{2}/u.test(words) ? words : bare.replace(/\s+/g, '');
  return /\p{L}{3}/u.test(words) ? words.toLowerCase() : words;
}
