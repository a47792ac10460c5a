export { findLanguage } from './find.js';
export { labelWords, measureLanguage } from './measure.js';
export { LANGUAGE_TABLE, languageName } from './table.js';
export { LANGUAGES, type CountedLanguage, type Language, type WordCounts } from './types.js';
