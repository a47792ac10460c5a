import { Script } from './script.js';
import { LANGUAGE_TABLE, LANGUAGES } from './table.js';

/** Unit symbols, which after a number belong to the number. Written-out units (dollars, hours) are words. */
const UNITS = new Set(
  [
    'km m cm mm nm kg g mg t l L ml mL dl cl cc h hr hrs min mins s sec secs ms kmh km/h mph ft yd lb lbs oz kWh W kW Hz kHz MHz GHz V A J N',
    'Pa cal kcal GB MB KB TB am pm AM PM C F K USD EUR KRW JPY CNY UAH THB RMB',
    ...LANGUAGES.map((language) => LANGUAGE_TABLE[language].units ?? ''),
  ].flatMap((units) => units.split(' ')),
);
/** In UTF-16 units. */
const LONGEST_UNIT = 6;
/** Signs of money that stand before their number. */
const BEFORE_NUMBER = new Set('Rp Rs Ksh KSh Tsh TSh Sh US'.split(' '));
/** Words elsewhere that below the stroke of a unit are units: год is "hour" there and "year" in Russian prose. */
const BELOW = new Set('day год ч мин доба добу день'.split(' '));
/** Names of functions, which before an argument are mathematics. */
const FUNCTION_NAMES = new Set(
  'sin cos tan cot sec csc log ln exp lim max min gcd lcm mod det sqrt abs floor ceil frac round sum'.split(' '),
);

/**
 * Whether letters [start, end) of one script are part of a number, a formula or a program rather than a word: letters glued to a
 * digit, units after a number, function names, identifiers (total_cost, numApples, a word between operators), names of points
 * and triangles (AB, ABC), single Latin and Greek letters except
 * `letterWords` beside another Latin word.
 */
export function isNotation(
  text: string,
  start: number,
  end: number,
  script: number,
  scripts: Uint8Array,
  letterWords: string,
): boolean {
  const before = start > 0 ? text.charCodeAt(start - 1) : 0;
  // Not so in Indian scripts and Arabic, where it is the counter or case of the number.
  if ((script === Script.latin || script === Script.cyrillic) && scripts[before] === Script.digit) return true;
  if (script === Script.other) return end - start === 1 && isGreek(text.charCodeAt(start));

  const length = end - start;
  if (length <= LONGEST_UNIT && isUnit(text, start, end, script, scripts)) return true;
  if (script !== Script.latin) return false;
  if (length === 1) return !isLetterWord(text, start, scripts, letterWords);
  if (length <= 5 && /^ ?[([{_^\d]/.test(text.slice(end, end + 2)) && FUNCTION_NAMES.has(text.slice(start, end)))
    return true;
  return isIdentifier(text, start, end, scripts) || isName(text, start, end, scripts);
}

function isUnit(text: string, start: number, end: number, script: number, scripts: Uint8Array): boolean {
  const before = text[start - 1];
  const word = text.slice(start, end);
  if (before === '/') return isBelow(word) && UNITS.has(lettersBefore(text, start - 1, scripts));
  if (BEFORE_NUMBER.has(word) && /^\.? ?$/.test(text.slice(end, firstDigit(text, end, scripts)))) return true;
  if (text[end] === '/' && UNITS.has(word) && isBelow(lettersAfter(text, end + 1, scripts))) return true;
  // "5 kg", and the endings of ordinals: "5-й".
  const gap = before === ' ' || before === '\u00a0' || before === '\u202f' || before === '-';
  if (!gap || start < 2 || scripts[text.charCodeAt(start - 2)] !== Script.digit) return false;
  return UNITS.has(word) || (before === '-' && script === Script.cyrillic && word.length <= 3);
}

/** Where the next digit stands, within three characters. */
function firstDigit(text: string, from: number, scripts: Uint8Array): number {
  for (let at = from; at < from + 3 && at < text.length; at++)
    if (scripts[text.charCodeAt(at)] === Script.digit) return at;
  return text.length;
}

function lettersBefore(text: string, end: number, scripts: Uint8Array): string {
  let start = end;
  while (start > 0 && end - start < 5 && isLetter(scripts[text.charCodeAt(start - 1)]!)) start--;
  return text.slice(start, end);
}

function lettersAfter(text: string, start: number, scripts: Uint8Array): string {
  let end = start;
  while (end < text.length && end - start < 5 && isLetter(scripts[text.charCodeAt(end)]!)) end++;
  return text.slice(start, end);
}

const isBelow = (word: string): boolean => UNITS.has(word) || BELOW.has(word);
const isLetter = (script: number): boolean => script === Script.latin || script === Script.cyrillic;

function isGreek(unit: number): boolean {
  return unit >= 0x370 && unit <= 0x3ff;
}

/** One of `letterWords` with a Latin word of two letters or more on either side, one space between. */
function isLetterWord(text: string, at: number, scripts: Uint8Array, letterWords: string): boolean {
  if (!letterWords.includes(text[at]!)) return false;
  const latin = (position: number): boolean =>
    position >= 0 && position < text.length && scripts[text.charCodeAt(position)] === Script.latin;
  return (
    (text[at + 1] === ' ' && latin(at + 2) && latin(at + 3)) || (text[at - 1] === ' ' && latin(at - 2) && latin(at - 3))
  );
}

/**
 * A Latin word of a program or a formula: joined by `_`, with a capital inside after a small letter, or standing alone between an operator and what is not a Latin word.
 */
function isIdentifier(text: string, start: number, end: number, scripts: Uint8Array): boolean {
  if (text[start - 1] === '_' || text[end] === '_') return partsOfName(text, start) < SENTENCE_PARTS;
  let humps = 0;
  for (let at = start + 1; at < end; at++) {
    if (isCapital(text.charCodeAt(at)) && !isCapital(text.charCodeAt(at - 1))) humps++;
  }
  if (humps > 0) return humps + 1 < SENTENCE_PARTS;
  return isOperand(text, start, end, scripts);
}

/** A name of as many parts is a sentence in disguise. */
const SENTENCE_PARTS = 7;

/** How many parts the name round `at` has that underscores join, looked for within the length of a name. */
function partsOfName(text: string, at: number): number {
  const reach = 80;
  const before = /[\w]*$/.exec(text.slice(Math.max(0, at - reach), at))![0];
  const after = /^\w*/.exec(text.slice(at, at + reach))![0];
  return (before + after).split('_').filter((part) => part !== '').length;
}

const LEFT_OPERATOR = /[\p{L}\p{N})\]]\s?(?:\s[*=+/<>]|[=+^×÷≤≥≠]|[<>=!+*/-]=)\s?$/u;
const RIGHT_OPERATOR = /^\s?(?:[*=+/<>]\s|[=+^×÷≤≥≠]|[<>=!+*/-]=)\s?[\p{L}\p{N}(]/u;

/** price in `price * quantity`, not the words of `Total cost = 5` that have another Latin word beside them. */
function isOperand(text: string, start: number, end: number, scripts: Uint8Array): boolean {
  // Most words have a letter behind the space on either side, or a comma: no need to look closer.
  if (!mayOperate(text, start - 1, -1) && !mayOperate(text, end, 1)) return false;
  const after = text.slice(end, end + 5);
  const before = text.slice(Math.max(0, start - 5), start);
  const [left, right] = [LEFT_OPERATOR.test(before), RIGHT_OPERATOR.test(after)];
  if (!left && !right) return false;
  const latin = (at: number): boolean => at >= 0 && at < text.length && scripts[text.charCodeAt(at)] === Script.latin;
  const neighbour =
    (text[start - 1] === ' ' && (latin(start - 2) || scripts[text.charCodeAt(start - 2)] === Script.digit)) ||
    (text[end] === ' ' && latin(end + 1));
  return !neighbour;
}

function mayOperate(text: string, at: number, step: -1 | 1): boolean {
  return OPERATORS.has(text[text[at] === ' ' ? at + step : at]!);
}
const OPERATORS = new Set('*=+/<>^×÷≤≥≠!-');

/** Two to five capitals that no other word in capitals stands beside: points, triangles, abbreviations. */
function isName(text: string, start: number, end: number, scripts: Uint8Array): boolean {
  if (end - start > 5 || !isCapital(text.charCodeAt(start)) || !isCapital(text.charCodeAt(end - 1))) return false;
  if (!isCapitals(text.slice(start, end))) return false;
  const beside = (at: number, step: -1 | 1): boolean => {
    if (text[at] !== ' ') return false;
    let letters = '';
    for (let i = at + step; i >= 0 && i < text.length && scripts[text.charCodeAt(i)] === Script.latin; i += step)
      letters += text[i]!;
    return letters.length > 1 && isCapitals(letters);
  };
  return !beside(start - 1, -1) && !beside(end, 1);
}

const isCapitals = (word: string): boolean => word === word.toUpperCase() && word !== word.toLowerCase();

/** A-Z and their full-width forms. */
function isCapital(unit: number): boolean {
  return (unit >= 0x41 && unit <= 0x5a) || (unit >= 0xff21 && unit <= 0xff3a);
}
