import type { CountedLanguage } from './types.js';

/** English names, as prompts, reports and tables write them. */
export const LANGUAGE_NAMES: Record<CountedLanguage, string> = {
  en: 'English',
  ko: 'Korean',
  zh: 'Chinese',
  ja: 'Japanese',
  th: 'Thai',
  uk: 'Ukrainian',
  ru: 'Russian',
  other: 'other',
};
