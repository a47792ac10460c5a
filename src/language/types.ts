import { COUNTED_LANGUAGES, type CountedLanguage } from './table.js';

export { COUNTED_LANGUAGES, LANGUAGES, type CountedLanguage, type Language } from './table.js';

export type WordCounts = Record<CountedLanguage, number>;

/** Counts to add to. */
export const noWordCounts = (): WordCounts => ({ ...NO_WORDS });
const NO_WORDS = Object.fromEntries(COUNTED_LANGUAGES.map((language) => [language, 0])) as WordCounts;

export interface WordRun {
  start: number; // UTF-16 offsets into the text
  end: number;
  language: CountedLanguage;
}

export interface LanguageMeasure {
  /** Words by language after LaTeX, code, tags, digits and punctuation are taken away. */
  words: WordCounts;
  total: number;
  /** Share of counted words in the target language, in English, in neither; null where there are no words. */
  targetWr: number | null;
  enWr: number | null;
  otherWr: number | null;
  /** The target's share without taking LaTeX and code away. */
  unstrippedTargetWr: number | null;
  /** Share of the completion (in words) before the first run of >= 3 words in another language; null: never. */
  firstSwitch: number | null;
  switches: number;
  /** Language confusion (Marchisio et al., arXiv 2406.20052): no line in a wrong language; no stray English word. */
  linePass: boolean;
  wordPass: boolean;
}
