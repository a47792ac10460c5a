export { findLanguage, languageHint } from './find.js';
export { labelWords, measureLanguage } from './measure.js';
export { LANGUAGE_TABLE, languageName } from './table.js';
export {
  LANGUAGES,
  noWordCounts,
  type CountedLanguage,
  type Language,
  type LanguageMeasure,
  type WordCounts,
  type WordRun,
} from './types.js';
