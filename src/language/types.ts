/** The languages that are measured. Target is the language of the prompt. */
export const LANGUAGES = ['en', 'ko', 'zh', 'ja', 'th', 'uk'] as const;
export type Language = (typeof LANGUAGES)[number];

/** `ru` and `other` are counted so that they are not mistaken for a measured language. */
export const COUNTED_LANGUAGES = [...LANGUAGES, 'ru', 'other'] as const;
export type CountedLanguage = (typeof COUNTED_LANGUAGES)[number];
export type WordCounts = Record<CountedLanguage, number>;

/** Counts to add to. */
export const noWordCounts = (): WordCounts => ({ en: 0, ko: 0, zh: 0, ja: 0, th: 0, uk: 0, ru: 0, other: 0 });

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
