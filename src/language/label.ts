import { cyrillicLanguage, type CyrillicLanguage } from './cyrillic.js';
import { labelHan } from './label_han.js';
import { labelLatin } from './label_latin.js';
import { labelSentences } from './label_sentences.js';
import { isNeighbours } from './neighbours.js';
import { UNMEASURED } from './rows/unmeasured.js';
import { Script } from './script.js';
import { COUNTED_LANGUAGES, LANGUAGE_TABLE, LANGUAGES, type CountedLanguage, type Language } from './table.js';
import type { Words } from './words.js';

/**
 * The language of every word. Hangul is Korean, Thai is Thai, kana Japanese, Telugu Telugu. What the script leaves open is decided
 * by the sentence, and where that does not tell, by most of the text's decided words:
 * - Han: labelHan.
 * - Latin: labelLatin.
 * - Cyrillic: cyrillicLanguage; what stays open goes with the text, else to Ukrainian if that is the target, else to Russian.
 * - Arabic, Devanagari, Bengali: `other` where the sentence is a neighbour's (isNeighbours), else ar, hi, bn.
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
  for (const language of WITH_NEIGHBOURS)
    if (seen[scriptOf(language)] === 1) labelNeighbours(text, words, labels, language);
  if (seen[Script.latin] === 1) labelLatin(text, words, labels, target);
  return labels;
}

/** By script; those that need more than the script are overwritten. */
const SURE: readonly CountedLanguage[] = Object.keys(Script).map(
  (script) => COUNTED_LANGUAGES.find((language) => LANGUAGE_TABLE[language].script === script) ?? 'other',
);

const scriptOf = (language: Language): number => Script[LANGUAGE_TABLE[language].script];
/** Alone among the measured languages in their script, and not alone in the world. */
const WITH_NEIGHBOURS = LANGUAGES.filter((language) => {
  const { script } = LANGUAGE_TABLE[language];
  return script !== 'latin' && UNMEASURED[script] !== undefined;
});

function labelNeighbours(text: string, words: Words, labels: CountedLanguage[], language: Language): void {
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
