import type { Reading } from '../counting_units.js';
import { matchAt } from '../match_at.js';
import { add, decimal, divide, multiply, ONE_HALF, whole } from '../rational.js';
import { readCardinal } from './cardinal.js';
import type { Lexicon } from './lexicon.js';

const POINT = /[点點]([零〇一二三四五六七八九]{1,20})/uy;
const SHARE = /分[之の]|분의 ?/uy;
const THAI_PARTS = / ?ส่วน ?/uy;
/** 三成, 二割八分, of ten. */
const TENTHS = /成|割(?:([一二三四五六七八九])分)?/uy;
/** Parts that are counted: two thirds, дві третини. */
const PARTS: readonly (readonly [RegExp, number])[] = [
  [/[ -](?:half|halves|половин[аи])(?!\p{L})/iuy, 2],
  [/[ -](?:thirds?|третин[аи]?|трет[ьи])(?!\p{L})/iuy, 3],
  [/[ -](?:quarters?|fourths?|чверт[ьі]|четверт[ьи])(?!\p{L})/iuy, 4],
  [/[ -](?:fifths?|п'ят(?:а|их)|пят(?:ая|ых))(?!\p{L})/iuy, 5],
  [/[ -](?:sixths?|шост(?:а|их)|шест(?:ая|ых))(?!\p{L})/iuy, 6],
  [/[ -](?:sevenths?|сьом(?:а|их)|седьм(?:ая|ых))(?!\p{L})/iuy, 7],
  [/[ -](?:eighths?|восьм(?:а|их|ая|ых))(?!\p{L})/iuy, 8],
  [/[ -](?:ninths?|дев'ят(?:а|их)|девят(?:ая|ых))(?!\p{L})/iuy, 9],
  [/[ -](?:tenths?|десят(?:а|их|ая|ых))(?!\p{L})/iuy, 10],
  [/[ -](?:hundredths?|сот(?:а|их|ая|ых))(?!\p{L})/iuy, 100],
];

/** The same in languages whose words for parts mean something else in others (tiers). Spanish and Portuguese quarters are rooms, too. */
const OWN_PARTS: Readonly<Record<string, readonly (readonly [RegExp, number])[]>> = {
  de: [
    [/ ?drittel(?!\p{L})/iuy, 3],
    [/ ?viertel(?!\p{L})/iuy, 4],
    [/ ?fünftel(?!\p{L})/iuy, 5],
    [/ ?sechstel(?!\p{L})/iuy, 6],
    [/ ?achtel(?!\p{L})/iuy, 8],
    [/ ?zehntel(?!\p{L})/iuy, 10],
  ],
  es: [
    [/ tercios?(?!\p{L})/iuy, 3],
    [/ quintos?(?!\p{L})/iuy, 5],
    [/ sextos?(?!\p{L})/iuy, 6],
    [/ octavos?(?!\p{L})/iuy, 8],
    [/ décimos?(?!\p{L})/iuy, 10],
  ],
  fr: [
    [/ tiers(?!\p{L})/iuy, 3],
    [/ quarts?(?!\p{L})/iuy, 4],
    [/ cinquièmes?(?!\p{L})/iuy, 5],
    [/ sixièmes?(?!\p{L})/iuy, 6],
    [/ huitièmes?(?!\p{L})/iuy, 8],
    [/ dixièmes?(?!\p{L})/iuy, 10],
  ],
  it: [
    [/ terz[oi](?!\p{L})/iuy, 3],
    [/ quart[oi](?!\p{L})/iuy, 4],
    [/ quint[oi](?!\p{L})/iuy, 5],
    [/ sest[oi](?!\p{L})/iuy, 6],
    [/ ottav[oi](?!\p{L})/iuy, 8],
    [/ decim[oi](?!\p{L})/iuy, 10],
  ],
  pt: [
    [/ terços?(?!\p{L})/iuy, 3],
    [/ quintos?(?!\p{L})/iuy, 5],
    [/ sextos?(?!\p{L})/iuy, 6],
    [/ oitavos?(?!\p{L})/iuy, 8],
    [/ décimos?(?!\p{L})/iuy, 10],
  ],
};
/** What stands between a number and its digits, in words: three point one four, drei Komma fünf, 삼 점 오. */
const SPOKEN_POINT =
  / (?:point|virgule|vírgula|virgola|coma|komma|koma|phẩy|nokta|virgül|nukta|दशमलव|দশমিক|దశాంశం?|кома|запятая) | ?(?:점|จุด) ?/iuy;

/** A number in words with its digits behind the point, or the fraction it begins: 三分之二, 삼분의 이, เศษสองส่วนสาม, two thirds, two and a half. */
export function readWithParts(lexicon: Lexicon, text: string, at: number): Reading | null {
  const first = readDecimal(lexicon, text, at);
  if (first === null) return null;
  const { value, end } = first;
  const share = matchAt(SHARE, text, end) ?? matchAt(THAI_PARTS, text, end);
  const other = share === null ? null : readDecimal(lexicon, text, end + share[0].length);
  if (share !== null && other !== null) {
    const part = share[0].includes('ส่วน') ? divide(value, other.value) : divide(other.value, value);
    if (part !== null) return { value: part, end: other.end };
  }
  for (const [parts, n] of [...PARTS, ...lexicon.row.languages.flatMap((language) => OWN_PARTS[language] ?? [])]) {
    const match = matchAt(parts, text, end);
    if (match !== null) return { value: divide(value, whole(n))!, end: end + match[0].length };
  }
  const half = lexicon.andHalf === undefined ? null : matchAt(lexicon.andHalf, text, end);
  return half === null ? first : { value: add(value, ONE_HALF), end: end + half[0].length };
}

/** 三点五, three point one four. */
function readDecimal(lexicon: Lexicon, text: string, at: number): Reading | null {
  const first = readCardinal(lexicon, text, at);
  if (first === null) return null;
  const point = matchAt(POINT, text, first.end);
  if (point === null) return readSpokenDecimal(lexicon, text, first);
  const places = Array.from(point[1]!, (sign) => lexicon.row.words[sign] ?? 0).join('');
  return { value: add(first.value, decimal(`0.${places}`)!), end: first.end + point[0].length };
}

/** Digits one by one (one four), or two places as a number (fourteen). */
function readSpokenDecimal(lexicon: Lexicon, text: string, first: Reading): Reading {
  const point = matchAt(SPOKEN_POINT, text, first.end);
  if (point === null) return first;
  let [places, end] = ['', first.end];
  for (let next = readCardinal(lexicon, text, end + point[0].length); next !== null;) {
    const { numerator } = next.value;
    if (numerator > 99n || (numerator > 9n && places !== '') || places.length > 18) break;
    places += String(numerator);
    end = next.end;
    if (numerator > 9n) break;
    next = text[end] === ' ' ? readCardinal(lexicon, text, end + 1) : null;
  }
  return places === '' ? first : { value: add(first.value, decimal(`0.${places}`)!), end };
}

/** The tenths that a number counts: 三成, 二割八分 are 30 and 28 percent. */
export function readTenths(lexicon: Lexicon, text: string, { value, end }: Reading): Reading | null {
  const tenths = matchAt(TENTHS, text, end);
  if (tenths === null) return null;
  const hundredths = whole(lexicon.row.words[tenths[1] ?? ''] ?? 0);
  return { value: add(multiply(value, whole(10)), hundredths), end: end + tenths[0].length };
}

/** A number by itself that is a part, a half and the like: 一半 is a half, and no one and a half. */
export function readAlone(lexicon: Lexicon, text: string, at: number): Reading | null {
  const word = lexicon.alone(text, at);
  if (word !== null) return word;
  const before = lexicon.halfBefore === undefined ? null : matchAt(lexicon.halfBefore, text, at);
  const number = before === null ? null : readCardinal(lexicon, text, at + before[0].length);
  return number === null || !lexicon.ends(text, number.end)
    ? null
    : { value: add(number.value, ONE_HALF), end: number.end };
}
