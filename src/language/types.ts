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
  fidelity: Fidelity;
}

/** What a completion's words are worth as evidence of the language it reasons in; docs/language.md says what each trick does to it. */
export interface Fidelity {
  /** Target WR of the reasoning; null where no word of it is counted. */
  targetWr: number | null;
  /** Counted words of the reasoning: before the final answer, each stretch once, none of the question's (or all, where that makes less of the target); of these the target's, English. */
  reasoning: number;
  target: number;
  english: number;
  /** Words from the final answer on. */
  afterAnswer: number;
  /** Words of the completion that stand in a stretch of 3 that stood before in it. */
  repeated: number;
  /** Words before the final answer that stand in a stretch of 3 of the question. */
  copied: number;
  /** Words in markup (LaTeX, code, tags, addresses), which no ratio counts. */
  hidden: number;
}
