import { wordLengths } from './breaks.js';
import { astralScript, Script, scriptTable } from './script.js';

/** Words of a text in order, column by column; word i is `text.slice(start[i], end[i])`. */
export interface Words {
  start: number[];
  end: number[];
  /** A Script: latin, cyrillic, hangul, han, kana (a word with any kana in it), thai or other. */
  script: number[];
  /** Number of the sentence, and of the line, the word stands in. */
  sentence: number[];
  line: number[];
  /** 1 where the word stands in markup (LaTeX, code, tags, addresses), else 0. */
  hidden: number[];
}

/** Unit symbols, which after a number belong to the number. Written-out units (dollars, hours) are words. */
const UNITS = new Set(
  (
    'km m cm mm nm kg g mg t l L ml mL dl cl cc h hr hrs min mins s sec secs ms kmh km/h mph ft yd lb lbs oz kWh W kW Hz V A J N Pa cal kcal ' +
    'GB MB KB TB am pm AM PM C F K USD EUR KRW JPY CNY UAH THB RMB ' +
    'км м см мм кг г мг л мл хв с сек грн коп руб т га шт'
  ).split(' '),
);
/** Names of functions, which before an argument are mathematics. */
const FUNCTION_NAMES = new Set(
  'sin cos tan cot sec csc log ln exp lim max min gcd lcm mod det sqrt abs floor ceil frac round sum'.split(' '),
);

/**
 * Breaks `text` into words. Letters of one script stand together; an apostrophe between two Latin or two Cyrillic letters joins
 * (don't, п'ять), a hyphen parts (UAX 29). Runs of Han and kana, and of Thai, are broken by Intl.Segmenter. Hangul words are
 * what stands between spaces or other scripts. Not words: digits, punctuation, letters glued to a digit before them (5kg, 3x,
 * 2nd), unit symbols after a number, function names before an argument, single Latin and Greek letters except "a" and "I"
 * beside another Latin word. The border of a stretch where `mask` is 1 breaks words; those inside are marked `hidden`.
 *
 * A sentence ends at a newline and, outside markup, at `! ? 。 ！ ？ ．` and at a full stop that is not inside a number or
 * abbreviation.
 */
export function breakWords(text: string, mask: Uint8Array | null): Words {
  const words = noWords();
  const unbroken: number[] = [];
  const scripts = scriptTable();
  const length = text.length;
  let sentence = 0;
  let line = 0;

  let at = 0;
  while (at < length) {
    const unit = text.charCodeAt(at);
    if (unit === 10) {
      line++;
      sentence++;
      at++;
      continue;
    }
    const hidden = mask === null ? 0 : mask[at]!;
    const script = scriptAt(text, at, scripts);
    if (script === Script.none || script === Script.digit || script === Script.mark) {
      if (hidden === 0 && endsSentence(text, at, unit)) sentence++;
      at += isPair(text, at) ? 2 : 1;
      continue;
    }

    const unspaced = script === Script.han || script === Script.kana;
    let end = at;
    while (end < length && (mask === null || mask[end] === hidden)) {
      const next = scriptAt(text, end, scripts);
      const same =
        next === script || next === Script.mark || (unspaced && (next === Script.han || next === Script.kana));
      if (!same && !joins(text, end, script, scripts)) break;
      end += isPair(text, end) ? 2 : 1;
    }

    if (unspaced || script === Script.thai) {
      unbroken.push(words.start.length);
      push(words, at, end, script, sentence, line, hidden);
    } else if (script === Script.hangul || !isNotation(text, at, end, script, scripts)) {
      push(words, at, end, script, sentence, line, hidden);
    }
    at = end;
  }
  return unbroken.length === 0 ? words : breakRuns(text, words, unbroken);
}

/** The words, with the runs at `unbroken` of them replaced by theirs. */
function breakRuns(text: string, words: Words, unbroken: readonly number[]): Words {
  const lengths = wordLengths(unbroken.map((i) => text.slice(words.start[i], words.end[i])));
  const scripts = scriptTable();
  const broken = noWords();
  let next = 0;
  for (let i = 0; i < words.start.length; i++) {
    const { sentence, line, hidden } = words;
    let start = words.start[i]!;
    if (i !== unbroken[next]) {
      push(broken, start, words.end[i]!, words.script[i]!, sentence[i]!, line[i]!, hidden[i]!);
      continue;
    }
    for (const length of lengths[next++]!) {
      const script = words.script[i] === Script.thai ? Script.thai : hanOrKana(text, start, start + length, scripts);
      push(broken, start, start + length, script, sentence[i]!, line[i]!, hidden[i]!);
      start += length;
    }
  }
  return broken;
}

/** Words whose `hidden` is as given. */
export function selectWords(words: Words, hidden: 0 | 1): Words {
  const chosen = noWords();
  for (let i = 0; i < words.start.length; i++) {
    if (words.hidden[i] !== hidden) continue;
    push(chosen, words.start[i]!, words.end[i]!, words.script[i]!, words.sentence[i]!, words.line[i]!, hidden);
  }
  return chosen;
}

function noWords(): Words {
  return { start: [], end: [], script: [], sentence: [], line: [], hidden: [] };
}

function push(
  words: Words,
  start: number,
  end: number,
  script: number,
  sentence: number,
  line: number,
  hidden: number,
): void {
  words.start.push(start);
  words.end.push(end);
  words.script.push(script);
  words.sentence.push(sentence);
  words.line.push(line);
  words.hidden.push(hidden);
}

function scriptAt(text: string, at: number, scripts: Uint8Array): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff) return scripts[unit]!;
  const codePoint = text.codePointAt(at)!;
  return codePoint > 0xffff ? astralScript(codePoint) : Script.none;
}

function isPair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00;
}

function joins(text: string, at: number, script: number, scripts: Uint8Array): boolean {
  if (script !== Script.latin && script !== Script.cyrillic) return false;
  const unit = text.charCodeAt(at);
  const apostrophe = unit === 0x27 || unit === 0x2019 || unit === 0x02bc;
  return apostrophe && at + 1 < text.length && scripts[text.charCodeAt(at + 1)] === script;
}

function hanOrKana(text: string, start: number, end: number, scripts: Uint8Array): number {
  for (let at = start; at < end; at++) if (scripts[text.charCodeAt(at)] === Script.kana) return Script.kana;
  return Script.han;
}

function endsSentence(text: string, at: number, unit: number): boolean {
  switch (unit) {
    case 0x21: // !
    case 0x3f: // ?
    case 0x3002: // 。
    case 0xff01: // ！
    case 0xff1f: // ？
    case 0xff0e: // ．
      return true;
    case 0x2e: // .
      return at + 1 >= text.length || /[\s"'”’)\]}*_]/.test(text[at + 1]!);
    default:
      return false;
  }
}

/** Whether letters are part of a number or a formula rather than a word. */
function isNotation(text: string, start: number, end: number, script: number, scripts: Uint8Array): boolean {
  const before = start > 0 ? text.charCodeAt(start - 1) : 0;
  if (script !== Script.other && scripts[before] === Script.digit) return true;
  if (script === Script.other) return end - start === 1 && isGreek(text.charCodeAt(start));

  const length = end - start;
  if (length <= 4) {
    // "5 kg", and the endings of ordinals: "5-й".
    const gap = before === 0x20 || before === 0xa0 || before === 0x202f || before === 0x2d;
    if (gap && start > 1 && scripts[text.charCodeAt(start - 2)] === Script.digit) {
      if (UNITS.has(text.slice(start, end)) || (before === 0x2d && script === Script.cyrillic && length <= 3))
        return true;
    }
  }
  if (script !== Script.latin) return false;
  if (length === 1) return !isEnglishLetterWord(text, start, scripts);
  if (length <= 5 && /^ ?[([{_^\d]/.test(text.slice(end, end + 2))) return FUNCTION_NAMES.has(text.slice(start, end));
  return false;
}

function isGreek(unit: number): boolean {
  return unit >= 0x370 && unit <= 0x3ff;
}

/** "a", "A" or "I" with a Latin word of two letters or more on either side, one space between. */
function isEnglishLetterWord(text: string, at: number, scripts: Uint8Array): boolean {
  const letter = text[at];
  if (letter !== 'a' && letter !== 'A' && letter !== 'I') return false;
  const latin = (position: number): boolean =>
    position >= 0 && position < text.length && scripts[text.charCodeAt(position)] === Script.latin;
  return (
    (text[at + 1] === ' ' && latin(at + 2) && latin(at + 3)) || (text[at - 1] === ' ' && latin(at - 2) && latin(at - 3))
  );
}
