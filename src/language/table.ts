import { arabic } from './rows/ar.js';
import { bengali } from './rows/bn.js';
import { german } from './rows/de.js';
import { english } from './rows/en.js';
import { spanish } from './rows/es.js';
import { french } from './rows/fr.js';
import { hindi } from './rows/hi.js';
import { indonesian } from './rows/id.js';
import { italian } from './rows/it.js';
import { japanese } from './rows/ja.js';
import { korean } from './rows/ko.js';
import { portuguese } from './rows/pt.js';
import type { CountedRow, LanguageRow } from './rows/row.js';
import { russian } from './rows/ru.js';
import { swahili } from './rows/sw.js';
import { telugu } from './rows/te.js';
import { thai } from './rows/th.js';
import { turkish } from './rows/tr.js';
import { ukrainian } from './rows/uk.js';
import { vietnamese } from './rows/vi.js';
import { chinese } from './rows/zh.js';

/** The languages that are measured; the order is that of tables, columns and legends. */
const MEASURED = {
  en: english,
  ko: korean,
  zh: chinese,
  ja: japanese,
  th: thai,
  uk: ukrainian,
  ru: russian,
  de: german,
  fr: french,
  es: spanish,
  pt: portuguese,
  it: italian,
  vi: vietnamese,
  id: indonesian,
  tr: turkish,
  sw: swahili,
  ar: arabic,
  hi: hindi,
  bn: bengali,
  te: telugu,
} as const satisfies Record<string, LanguageRow>;

/** Counted so that words of languages that are not measured are not mistaken for those of one that is. */
const other: CountedRow = {
  name: 'other',
  script: undefined,
  segmentation: 'spaces',
  colour: { light: '#666666', dark: '#a0a0a0' },
};

export type Language = keyof typeof MEASURED;
export type CountedLanguage = Language | 'other';

/** The languages that are measured. Target is the language of the prompt. */
export const LANGUAGES = Object.keys(MEASURED) as readonly Language[];
/** Those and `other`. */
export const COUNTED_LANGUAGES = [...LANGUAGES, 'other'] as readonly CountedLanguage[];

/** The row of each language. */
export const LANGUAGE_TABLE: Record<Language, LanguageRow> & Record<CountedLanguage, CountedRow> = {
  ...MEASURED,
  other,
};

/** The English name of a language's code; of another text the text itself. */
export function languageName(code: string): string {
  return Object.hasOwn(LANGUAGE_TABLE, code) ? LANGUAGE_TABLE[code as CountedLanguage].name : code;
}
