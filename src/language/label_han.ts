import { Form, hanForms } from './han.js';
import { labelSentences } from './label_sentences.js';
import { Script } from './script.js';
import type { CountedLanguage, Language } from './table.js';
import type { Words } from './words.js';

/** Least share of words with kana, of the Han and kana words of a sentence, for its Han words to be Japanese for certain. */
const JAPANESE_KANA_SHARE = 0.2;

/**
 * Han words: Japanese where a fifth or more of the sentence's words have kana; else by the characters only one of the two writes
 * (hanForms); else Japanese where kana stands among the Han letters. What stays open is the target if that is Chinese or Japanese,
 * else what the text's other sentences are, else Chinese.
 */
export function labelHan(text: string, words: Words, labels: CountedLanguage[], target: Language): void {
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
