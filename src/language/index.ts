export { labelWords, LINE_WORDS, measureLanguage, SWITCH_WORDS } from './measure.js';
export {
  LANGUAGES,
  type CountedLanguage,
  type Language,
  type LanguageMeasure,
  type WordCounts,
  type WordRun,
} from './types.js';
