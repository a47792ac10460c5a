import { cyrillicLanguage, type CyrillicLanguage } from './cyrillic.js';
import { isEnglish } from './latin.js';
import { Script } from './script.js';
import type { CountedLanguage, Language } from './types.js';
import type { Words } from './words.js';

/** Least share of words with kana, of the Han and kana words of a sentence, for its Han words to be Japanese for certain. */
const JAPANESE_KANA_SHARE = 0.2;

/**
 * The language of every word. Hangul is Korean, Thai is Thai. Latin is English, or `other` by the run (isEnglish). Cyrillic is
 * Ukrainian or Russian by the sentence (cyrillicLanguage); a sentence that does not tell goes with most of the text's decided
 * words, and where there are none to Ukrainian if that is the target, else to Russian. Words with kana are Japanese, and so
 * are the Han words of a sentence of which a fifth or more has kana; other Han words go to the target where it is Chinese or
 * Japanese, else to Japanese if the text has a sentence that is Japanese by its kana, else to Chinese.
 */
export function labelLanguages(text: string, words: Words, target: Language): CountedLanguage[] {
  const labels: CountedLanguage[] = new Array<CountedLanguage>(words.start.length);
  const seen = new Uint8Array(10);
  for (let i = 0; i < labels.length; i++) {
    const script = words.script[i]!;
    seen[script] = 1;
    labels[i] = SURE[script]!;
  }
  if (seen[Script.han] === 1) labelHan(words, labels, target, seen[Script.kana] === 1);
  if (seen[Script.cyrillic] === 1) labelCyrillic(text, words, labels, target);
  if (seen[Script.latin] === 1) labelLatin(text, words, labels);
  return labels;
}

/** By script; those that need more than the script are overwritten. */
const SURE: readonly CountedLanguage[] = ['other', 'en', 'ru', 'ko', 'zh', 'ja', 'th', 'other', 'other', 'other'];

function labelHan(words: Words, labels: CountedLanguage[], target: Language, anyKana: boolean): void {
  if (!anyKana) {
    if (target === 'ja') for (let i = 0; i < labels.length; i++) if (words.script[i] === Script.han) labels[i] = 'ja';
    return;
  }
  const japanese: boolean[] = [];
  forEachSentence(words, (start, end) => {
    let han = 0;
    let kana = 0;
    for (let i = start; i < end; i++) {
      if (words.script[i] === Script.han) han++;
      else if (words.script[i] === Script.kana) kana++;
    }
    japanese[start] = kana > 0 && kana >= JAPANESE_KANA_SHARE * (han + kana);
  });
  const undecided: CountedLanguage = target === 'zh' || target === 'ja' ? target : japanese.some(Boolean) ? 'ja' : 'zh';
  forEachSentence(words, (start, end) => {
    const language = japanese[start] ? 'ja' : undecided;
    for (let i = start; i < end; i++) if (words.script[i] === Script.han) labels[i] = language;
  });
}

function labelCyrillic(text: string, words: Words, labels: CountedLanguage[], target: Language): void {
  const decided: Record<CyrillicLanguage, number> = { uk: 0, ru: 0, other: 0 };
  const open: number[][] = [];
  forEachSentence(words, (start, end) => {
    const members: number[] = [];
    for (let i = start; i < end; i++) if (words.script[i] === Script.cyrillic) members.push(i);
    if (members.length === 0) return;
    const language = cyrillicLanguage(members.map((i) => text.slice(words.start[i], words.end[i])));
    if (language === null) {
      open.push(members);
      return;
    }
    decided[language] += members.length;
    for (const i of members) labels[i] = language;
  });
  const fallback = target === 'uk' ? 'uk' : 'ru';
  const usual = decided.uk === decided.ru ? fallback : decided.uk > decided.ru ? 'uk' : 'ru';
  for (const members of open) for (const i of members) labels[i] = usual;
}

function labelLatin(text: string, words: Words, labels: CountedLanguage[]): void {
  const { script, sentence } = words;
  for (let start = 0; start < labels.length; start++) {
    if (script[start] !== Script.latin) continue;
    let end = start + 1;
    while (end < labels.length && script[end] === Script.latin && sentence[end] === sentence[start]) end++;
    if (end - start >= 4) {
      const run: string[] = [];
      for (let i = start; i < end; i++) run.push(text.slice(words.start[i], words.end[i]));
      if (!isEnglish(run)) labels.fill('other', start, end);
    }
    start = end - 1;
  }
}

function forEachSentence(words: Words, visit: (start: number, end: number) => void): void {
  const { sentence } = words;
  for (let start = 0; start < sentence.length;) {
    let end = start + 1;
    while (end < sentence.length && sentence[end] === sentence[start]) end++;
    visit(start, end);
    start = end;
  }
}
