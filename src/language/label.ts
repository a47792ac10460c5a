import { cyrillicLanguage, type CyrillicLanguage } from './cyrillic.js';
import { Form, hanForms } from './han.js';
import { latinLanguage } from './latin.js';
import { isNeighbours } from './neighbours.js';
import { Script } from './script.js';
import { COUNTED_LANGUAGES, LANGUAGE_TABLE, type CountedLanguage, type Language } from './table.js';
import type { Words } from './words.js';

/** Least share of words with kana, of the Han and kana words of a sentence, for its Han words to be Japanese for certain. */
const JAPANESE_KANA_SHARE = 0.2;

/**
 * The language of every word. Hangul is Korean, Thai is Thai, kana Japanese, Telugu Telugu. What the script leaves open is decided
 * by the sentence, and where that does not tell, by most of the text's decided words:
 * - Han: Japanese where a fifth or more of the sentence's words have kana; else by the characters only one of the two writes
 *   (hanForms); else Japanese where kana stands among the Han letters. What stays open is the target if that is Chinese or
 *   Japanese, else what the text's other sentences are, else Chinese.
 * - Cyrillic: cyrillicLanguage; what stays open goes with the text, else to Ukrainian if that is the target, else to Russian.
 * - Arabic, Devanagari, Bengali: `other` where the sentence is a neighbour's (isNeighbours), else ar, hi, bn.
 * - Latin: English or `other` by the run (isEnglish); runs of fewer than 4 words go with the text, else to English.
 */
export function labelLanguages(text: string, words: Words, target: Language): CountedLanguage[] {
  const labels: CountedLanguage[] = new Array<CountedLanguage>(words.start.length);
  const seen = new Uint8Array(SURE.length);
  for (let i = 0; i < labels.length; i++) {
    const script = words.script[i]!;
    seen[script] = 1;
    labels[i] = SURE[script]!;
  }
  if (seen[Script.han] === 1) labelHan(text, words, labels, target);
  if (seen[Script.cyrillic] === 1) labelCyrillic(text, words, labels, target);
  for (const language of ['ar', 'hi', 'bn'] as const)
    if (seen[scriptOf(language)] === 1) labelNeighbours(text, words, labels, language);
  if (seen[Script.latin] === 1) labelLatin(text, words, labels, target);
  return labels;
}

/** By script; those that need more than the script are overwritten. */
const SURE: readonly CountedLanguage[] = Object.keys(Script).map(
  (script) => COUNTED_LANGUAGES.find((language) => LANGUAGE_TABLE[language].script === script) ?? 'other',
);

function labelHan(text: string, words: Words, labels: CountedLanguage[], target: Language): void {
  const japanese: [start: number, end: number][] = [];
  labelSentences(
    words,
    labels,
    Script.han,
    (_, start, end) => {
      const language = hanLanguage(text, words, start, end);
      if (language === 'ja') japanese.push([start, end]);
      return language;
    },
    (decided) => (target === 'zh' || target === 'ja' ? target : decided('ja') > decided('zh') ? 'ja' : 'zh'),
  );
  for (const [start, end] of japanese) labelChineseStretches(text, words, labels, start, end);
}

const scriptOf = (language: Language): number => Script[LANGUAGE_TABLE[language].script];

function labelNeighbours(text: string, words: Words, labels: CountedLanguage[], language: 'ar' | 'hi' | 'bn'): void {
  labelSentences<CountedLanguage>(
    words,
    labels,
    scriptOf(language),
    (members) =>
      isNeighbours(
        language,
        members.map((i) => text.slice(words.start[i], words.end[i])),
      )
        ? 'other'
        : language,
    () => language,
  );
}

function labelCyrillic(text: string, words: Words, labels: CountedLanguage[], target: Language): void {
  labelSentences<CyrillicLanguage>(
    words,
    labels,
    Script.cyrillic,
    (members) => cyrillicLanguage(members.map((i) => text.slice(words.start[i], words.end[i]))),
    (decided) => {
      if (decided('uk') === decided('ru')) return target === 'uk' ? 'uk' : 'ru';
      return decided('uk') > decided('ru') ? 'uk' : 'ru';
    },
  );
}

/**
 * Labels the words of a script by their sentences. `decide` gets the words of one that are of the script, and where it begins and
 * ends; the words of those it leaves open are labelled `usual`, which may ask how many words were decided for a language.
 */
function labelSentences<L extends CountedLanguage>(
  words: Words,
  labels: CountedLanguage[],
  script: number,
  decide: (members: readonly number[], start: number, end: number) => L | null,
  usual: (decided: (language: L) => number) => L,
): void {
  const decided = new Map<L, number>();
  const open: number[] = [];
  forEachSentence(words, (start, end) => {
    const members: number[] = [];
    for (let i = start; i < end; i++) if (words.script[i] === script) members.push(i);
    if (members.length === 0) return;
    const language = decide(members, start, end);
    if (language === null) {
      for (const i of members) open.push(i);
      return;
    }
    decided.set(language, (decided.get(language) ?? 0) + members.length);
    for (const i of members) labels[i] = language;
  });
  if (open.length === 0) return;
  const language = usual((each) => decided.get(each) ?? 0);
  for (const i of open) labels[i] = language;
}

/** Chinese in a Japanese sentence: Han words in a row, no kana among them, with a character that only Chinese writes. */
function labelChineseStretches(text: string, words: Words, labels: CountedLanguage[], from: number, to: number): void {
  const forms = hanForms();
  for (let start = from; start < to; start++) {
    if (words.script[start] !== Script.han) continue;
    let end = start;
    let chinese = false;
    for (; end < to && words.script[end] === Script.han; end++)
      for (let at = words.start[end]!; at < words.end[end]!; at++)
        chinese ||= forms[text.charCodeAt(at)] === Form.chinese;
    if (chinese) labels.fill('zh', start, end);
    start = end;
  }
}

/** Japanese or Chinese, by the Han and kana words of one sentence; null where both could write it. */
function hanLanguage(text: string, words: Words, start: number, end: number): 'ja' | 'zh' | null {
  let han = 0;
  let kana = 0;
  let japanese = 0;
  let chinese = 0;
  // Two in a row (號碼); Japanese writes one in 躊躇 and 檸檬.
  let traditional = 0;
  let joined = false;
  let particles = 0;
  const forms = hanForms();
  for (let i = start; i < end; i++) {
    if (words.script[i] === Script.kana) {
      kana++;
      if (text.slice(words.start[i], words.end[i]) === 'の') particles++;
      joined ||= isJoined(text, words, i);
    } else if (words.script[i] === Script.han) {
      han++;
      for (let at = words.start[i]!; at < words.end[i]!; at++) {
        const form = forms[text.charCodeAt(at)];
        if (form === Form.japanese) japanese++;
        else if (form === Form.chinese) chinese++;
        else if (form === Form.traditional && forms[text.charCodeAt(at - 1)] === Form.traditional) traditional++;
      }
    }
  }
  // Chinese brands and shop signs write の for "of".
  if (kana === particles && chinese > japanese) return 'zh';
  if (kana > 0 && kana >= JAPANESE_KANA_SHARE * (han + kana)) return 'ja';
  if (japanese !== chinese) return japanese > chinese ? 'ja' : 'zh';
  if (joined) return 'ja';
  return kana === 0 && traditional > 0 ? 'zh' : null;
}

/** Whether a word with kana stands among Han words without a mark or space between: a particle, not a quotation. */
function isJoined(text: string, words: Words, i: number): boolean {
  const before = words.script[i - 1] === Script.han && words.end[i - 1] === words.start[i];
  const after = words.script[i + 1] === Script.han && words.start[i + 1] === words.end[i];
  return (before || after) && text.slice(words.start[i], words.end[i]) !== 'の';
}

function labelLatin(text: string, words: Words, labels: CountedLanguage[], target: Language): void {
  const { script, sentence } = words;
  const decided = new Map<CountedLanguage, number>();
  const open: [start: number, end: number][] = [];
  for (let start = 0; start < labels.length; start++) {
    if (script[start] !== Script.latin) continue;
    let end = start + 1;
    while (end < labels.length && script[end] === Script.latin && sentence[end] === sentence[start]) end++;
    const run: string[] = [];
    for (let i = start; i < end; i++) run.push(text.slice(words.start[i], words.end[i]));
    const language = latinLanguage(run, target);
    if (language === null) open.push([start, end]);
    else {
      decided.set(language, (decided.get(language) ?? 0) + run.length);
      labels.fill(language, start, end);
    }
    start = end - 1;
  }
  if (open.length === 0) return;
  const usual = mostOf(decided) ?? (LANGUAGE_TABLE[target].script === 'latin' ? target : 'en');
  for (const [start, end] of open) labels.fill(usual, start, end);
}

function mostOf<L>(counts: ReadonlyMap<L, number>): L | undefined {
  let most: L | undefined;
  for (const [language, count] of counts) if (most === undefined || count > counts.get(most)!) most = language;
  return most;
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
