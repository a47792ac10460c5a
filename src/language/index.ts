export { findLanguage, languageHint } from './find.js';
export { LANGUAGE_NAMES } from './names.js';
export { labelWords, measureLanguage } from './measure.js';
export {
  LANGUAGES,
  noWordCounts,
  type CountedLanguage,
  type Language,
  type LanguageMeasure,
  type WordCounts,
  type WordRun,
} from './types.js';
