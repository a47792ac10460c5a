import { wordLengths } from './breaks.js';
import { hanjaRole } from './hanja.js';
import { meantScript } from './lookalikes.js';
import { isNotation } from './notation.js';
import { astralScript, Script, scriptTable } from './script.js';
import { LANGUAGE_TABLE, type Language } from './table.js';

/** Scripts whose runs of letters a dictionary breaks. */
const WITHOUT_SPACES = new Set<number>(
  Object.values(LANGUAGE_TABLE).flatMap(({ script, segmentation }) =>
    script !== undefined && segmentation === 'dictionary' ? [Script[script]] : [],
  ),
);
/** A Japanese word may have both. */
const WRITTEN_TOGETHER = new Set<number>([Script.han, Script.kana]);

/** Words of a text in order, column by column; word i is `text.slice(start[i], end[i])`. */
export interface Words {
  start: number[];
  end: number[];
  /** A Script; kana: a word with any kana in it. */
  script: number[];
  /** Number of the sentence, and of the line, the word stands in. */
  sentence: number[];
  line: number[];
  /** 1 where the word stands in markup (LaTeX, code, tags, addresses), else 0. */
  hidden: number[];
}

/**
 * Breaks `text` into words. Letters of one script stand together; an apostrophe between two Latin or two Cyrillic letters joins
 * (don't, п'ять), a hyphen parts (UAX 29). Runs of Han and kana, and of Thai, are broken by Intl.Segmenter. Hangul words are
 * what stands between spaces or other scripts. Not words: digits, punctuation, letters glued to a digit before them (5kg, 3x,
 * 2nd), unit symbols after a number, function names before an argument, single Latin and Greek letters except those
 * that are words in English ("a", "I") or in `target`, beside another Latin word. The border of a stretch where `mask` is 1 breaks words; those inside are marked `hidden`.
 *
 * A sentence ends at a newline and, outside markup, at `! ? 。 ！ ？ ． ؟ ۔ । ॥` and at a full stop that is not inside a number or
 * abbreviation.
 */
export function breakWords(text: string, mask: Uint8Array | null, target: Language): Words {
  const words = noWords();
  const unbroken: number[] = [];
  const scripts = scriptTable();
  const length = text.length;
  const letterWords = letterWordsOf(target);
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

    const together = WRITTEN_TOGETHER.has(script);
    let end = at;
    while (end < length && (mask === null || mask[end] === hidden)) {
      const next = scriptAt(text, end, scripts);
      const same = next === script || next === Script.mark || (together && WRITTEN_TOGETHER.has(next));
      if (!same && !joins(text, end, script, scripts)) break;
      end += isPair(text, end) ? 2 : 1;
    }

    if (script === Script.latin || script === Script.cyrillic) {
      const mixed = mixedWord(text, at, end, scripts, mask);
      if (mixed !== undefined) {
        push(words, at, mixed.end, mixed.script, sentence, line, hidden);
        at = mixed.end;
        continue;
      }
    }
    const hanja = script === Script.han ? hanjaRole(text, at, end, scripts) : undefined;
    if (hanja === 'korean') {
      while (end < length && (mask === null || mask[end] === hidden) && isHangul(text, end, scripts)) end++;
      push(words, at, end, Script.hangul, sentence, line, hidden);
    } else if (hanja === 'gloss') {
      // Written twice, counted once.
    } else if (WITHOUT_SPACES.has(script)) {
      unbroken.push(words.start.length);
      push(words, at, end, script, sentence, line, hidden);
    } else if (script === Script.hangul || !isNotation(text, at, end, script, scripts, letterWords)) {
      push(words, at, end, script, sentence, line, hidden);
    }
    at = end;
  }
  return unbroken.length === 0 ? words : breakRuns(text, words, unbroken);
}

/** Letters that are words in English or in the language. */
function letterWordsOf(language: Language): string {
  const own = LANGUAGE_TABLE[language].letterWords ?? '';
  return language === 'en' ? own : own + (LANGUAGE_TABLE.en.letterWords ?? '');
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
      const script = WRITTEN_TOGETHER.has(words.script[i]!)
        ? hanOrKana(text, start, start + length, scripts)
        : words.script[i]!;
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

function isHangul(text: string, at: number, scripts: Uint8Array): boolean {
  return scripts[text.charCodeAt(at)] === Script.hangul;
}

/**
 * A word of Latin and Cyrillic letters that was meant in one of the two, and a Latin i between Cyrillic words, the Ukrainian
 * "and"; undefined for all others. [at, end) is its first part.
 */
function mixedWord(
  text: string,
  at: number,
  end: number,
  scripts: Uint8Array,
  mask: Uint8Array | null,
): { end: number; script: number } | undefined {
  if (end - at === 1 && (text[at] === 'i' || text[at] === 'I')) {
    const between = text[at - 1] === ' ' && text[end] === ' ' && isAlphabetic(text, at - 2, scripts);
    if (between && scripts[text.charCodeAt(end + 1)] === Script.cyrillic) return { end, script: Script.cyrillic };
  }
  if (!isAlphabetic(text, end, scripts) || mask?.[end] !== mask?.[at]) return undefined;
  let last = end;
  while (isAlphabetic(text, last, scripts) && last - at < LONGEST_MIXED && mask?.[last] === mask?.[at]) last++;
  const script = meantScript(text.slice(at, last));
  return script === undefined ? undefined : { end: last, script: Script[script] };
}

function isAlphabetic(text: string, at: number, scripts: Uint8Array): boolean {
  const script = at >= 0 && at < text.length ? scripts[text.charCodeAt(at)] : Script.none;
  return script === Script.latin || script === Script.cyrillic;
}
/** Longer ones are taken apart as they come: no word is as long. */
const LONGEST_MIXED = 60;

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
    case 0x061f: // ؟
    case 0x06d4: // ۔
    case 0x0964: // ।
    case 0x0965: // ॥
      return true;
    case 0x2e: // .
      return at + 1 >= text.length || /[\s"'”’)\]}*_]/.test(text[at + 1]!);
    default:
      return false;
  }
}
