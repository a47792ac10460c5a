import type { Reading } from '../counting_units.js';
import { matchAt } from '../match_at.js';
import { PERCENT } from '../number.js';
import { negate } from '../rational.js';
import { Beginnings } from './beginnings.js';
import type { Lexicon } from './lexicon.js';
import { readAlone, readTenths, readWithParts } from './parts.js';
import { allBeginnings, lexiconsFor } from './table.js';

/** Characters of one number that are read. */
const LONGEST = 160;
/** Minus. */
const SIGN_WORDS =
  'minus negative мінус минус 마이너스 マイナス 负 負 ลบ moins menos meno negatif eksi âm hasi ऋण माइनस মাইনাস ঋণাত্মক మైనస్ سالب ناقص'
    .normalize('NFC')
    .split(' ');
const SIGN = new RegExp(`(?:${SIGN_WORDS.join('|')}) ?`, 'iuy');
/** In front of the words: a percentage that is named first, "a hundred", the numerator of a Thai fraction. */
const OPENING = /百分之|ร้อยละ ?|yüzde |asilimia |เศษ ?|an? (?=hundred|thousand|million|dozen|half|third|quarter)/iuy;
const BEFORE = new Beginnings();
for (const word of [...SIGN_WORDS, '百分', 'ร้อย', 'yüz', 'asi', 'เศษ', 'a ', 'an ']) BEFORE.add(word);
const PERCENT_FIRST = /^(?:百分之|ร้อยละ|yüzde|asilimia)/iu;
const SPACED_BEGIN = /[\p{L}\p{M}'’-]/u;

export type WordReading = Reading & { percent: boolean };

/**
 * The number that is written in words at `at`: thirty-five, 三十五, 삼십오, 서른다섯, สามสิบห้า, тридцять п'ять, fünfunddreißig; a sign in
 * words before it; 百分之二十八, 三分之二, 三点五. Null where there is none, or where the word is part of another. What is a number in
 * several languages is one of `language`; without it, everyday words of English are none of another language.
 */
export function readNumberWords(all: string, at: number, language?: string): WordReading | null {
  const begin = small(all.slice(at, at + 4).replace(/[’ʼ]/g, "'"));
  if (!allBeginnings().at(begin, 0) && !BEFORE.at(begin, 0)) return null;
  const text = all.slice(at, at + LONGEST).replace(/[’ʼ]/g, "'");
  return read(text, small(text), at, lexiconsFor(language), language);
}

/** Every number in words of a short text, in order; of Latin script in English and in `language` alone. */
export function readAllNumberWords(all: string, language?: string): (WordReading & { start: number })[] {
  const text = all.replace(/[’ʼ]/g, "'");
  const lower = small(text);
  const lexicons = lexiconsFor(language).filter(
    ({ row: { languages }, isLatin }) => !isLatin || languages.includes('en') || languages.includes(language ?? 'en'),
  );
  const found: (WordReading & { start: number })[] = [];
  for (let at = 0; at < text.length; at++) {
    const can = lexicons.filter((lexicon) => lexicon.mayBegin(lower, at));
    const opens = isOpening(lower, at);
    if (can.length === 0 && !opens) continue;
    const end = Math.min(text.length, at + LONGEST);
    const number = read(text.slice(at, end), lower.slice(at, end), at, opens ? lexicons : can, language);
    if (number === null) continue;
    found.push({ ...number, start: at });
    at = number.end - 1;
  }
  return found;
}

/** A sign, or what stands before the words of a percentage or fraction, where a word may begin. */
function isOpening(text: string, at: number): boolean {
  const match = matchAt(SIGN, text, at) ?? matchAt(OPENING, text, at);
  return (
    match !== null &&
    (/^[負负百]|^[\p{Script=Thai}\p{Script=Katakana}]/u.test(match[0]) || !SPACED_BEGIN.test(text[at - 1] ?? ''))
  );
}

function read(
  text: string,
  lower: string,
  at: number,
  lexicons: readonly Lexicon[],
  language: string | undefined,
): WordReading | null {
  const sign = matchAt(SIGN, lower, 0)?.[0] ?? '';
  const opening = matchAt(OPENING, lower, sign.length)?.[0] ?? '';
  const from = sign.length + opening.length;
  let longest: WordReading | null = null;
  for (const lexicon of lexicons) {
    if (!lexicon.beginnings.at(lower, from) && !lexicon.beginnings.at(lower, sign.length)) continue;
    const found = readIn(lexicon, lower, sign.length, from);
    if (found === null || isEverydayWord(lexicon, lower.slice(from, found.end), language)) continue;
    if (longest === null || found.end > longest.end) longest = found;
    if (lexicon.row.languages.includes(language ?? '')) break;
  }
  if (longest === null) return null;
  return {
    value: sign === '' ? longest.value : negate(longest.value),
    end: at + longest.end,
    percent: longest.percent || PERCENT_FIRST.test(opening),
  };
}

function readIn(lexicon: Lexicon, text: string, begin: number, from: number): WordReading | null {
  const alone = readAlone(lexicon, text, begin);
  if (alone !== null) return { ...alone, percent: false };
  const number = readWithParts(lexicon, text, from);
  if (number === null) return null;
  const tenths = readTenths(lexicon, text, number);
  if (tenths !== null) return { ...tenths, percent: true };
  const percent = matchAt(PERCENT, text, number.end);
  if (percent !== null) return { ...number, end: number.end + percent[0].length, percent: true };
  return lexicon.ends(text, number.end) ? { ...number, percent: false } : null;
}

const isEverydayWord = ({ row }: Lexicon, words: string, language: string | undefined): boolean =>
  !row.languages.includes(language ?? '') && row.ambiguous?.split(' ').includes(words) === true;

/** In small letters, each at its place. */
function small(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (sign) => (sign.toLowerCase().length === sign.length ? sign.toLowerCase() : sign)).join('');
}
