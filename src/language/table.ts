import type { ScriptName } from './script.js';

/** What is known of a language, in one row; texts of the lab and number words are said where they are used. */
interface CountedRow {
  /** In English, as prompts, reports and tables write it. */
  name: string;
  /**
   * That its words are told by; undefined: no script of its own. What several languages write in one script is told apart by
   * the sentence (label.ts).
   */
  script: ScriptName | undefined;
  /** Between words: spaces, or nothing, so that a dictionary breaks its runs of letters. */
  segmentation: 'spaces' | 'dictionary';
  /**
   * In figures on a light and on a dark page: a contrast of at least 3:1 against the ground, and another lightness as well as
   * another hue than the others' (Okabe & Ito's set, shifted for dark).
   */
  colour: { light: string; dark: string };
}

/** A language that prompts may be in. */
interface LanguageRow extends CountedRow {
  /** What else it is called: in itself, ISO 639-2, and country codes taken for languages. In small letters. */
  otherNames: readonly string[];
  /** How a thought begins under `think_prefix: auto`. */
  thinkPrefix: string;
}

/** The languages that are measured; the order is that of tables, columns and legends. */
const MEASURED = {
  en: {
    name: 'English',
    otherNames: ['eng', 'us', 'gb'],
    thinkPrefix: 'Let me think about this step by step in English.',
    script: 'latin',
    segmentation: 'spaces',
    colour: { light: '#d55e00', dark: '#ff9a56' },
  },
  ko: {
    name: 'Korean',
    otherNames: ['kor', 'kr', 'hangul', '한국어', '한국말', '국어'],
    thinkPrefix: '한국어로 차근차근 생각해 보겠습니다.',
    script: 'hangul',
    segmentation: 'spaces',
    colour: { light: '#0072b2', dark: '#56b4e9' },
  },
  zh: {
    name: 'Chinese',
    otherNames: [
      ...['zho', 'chi', 'cn', 'cmn', 'mandarin', 'tw'],
      ...['中文', '汉语', '漢語', '普通话', '简体中文', '繁體中文'],
    ],
    thinkPrefix: '让我用中文一步一步地思考。',
    script: 'han',
    segmentation: 'dictionary',
    colour: { light: '#009e73', dark: '#3fd6a8' },
  },
  ja: {
    name: 'Japanese',
    otherNames: ['jpn', 'jp', '日本語'],
    thinkPrefix: '日本語で順を追って考えてみます。',
    script: 'kana',
    segmentation: 'dictionary',
    colour: { light: '#a8457f', dark: '#e79fc8' },
  },
  th: {
    name: 'Thai',
    otherNames: ['tha', 'ไทย', 'ภาษาไทย'],
    thinkPrefix: 'ลองคิดเป็นภาษาไทยทีละขั้นตอน',
    script: 'thai',
    segmentation: 'dictionary',
    colour: { light: '#7a6400', dark: '#e3cf4f' },
  },
  uk: {
    name: 'Ukrainian',
    otherNames: ['ukr', 'ua', 'українська'],
    thinkPrefix: 'Поміркую крок за кроком українською.',
    script: 'cyrillic',
    segmentation: 'spaces',
    colour: { light: '#5b4bb5', dark: '#a99df5' },
  },
} as const satisfies Record<string, LanguageRow>;

/** Counted so that they are not mistaken for a measured language. */
const COUNTED_ONLY = {
  ru: {
    name: 'Russian',
    script: 'cyrillic',
    segmentation: 'spaces',
    colour: { light: '#8a3324', dark: '#e08a78' },
  },
  other: {
    name: 'other',
    script: undefined,
    segmentation: 'spaces',
    colour: { light: '#666666', dark: '#a0a0a0' },
  },
} as const satisfies Record<string, CountedRow>;

export type Language = keyof typeof MEASURED;
export type CountedLanguage = Language | keyof typeof COUNTED_ONLY;

/** The languages that are measured. Target is the language of the prompt. */
export const LANGUAGES = Object.keys(MEASURED) as readonly Language[];
/** Those and the ones that are only counted. */
export const COUNTED_LANGUAGES = [...LANGUAGES, ...Object.keys(COUNTED_ONLY)] as readonly CountedLanguage[];

/** The row of each language. */
export const LANGUAGE_TABLE: Record<Language, LanguageRow> & Record<CountedLanguage, CountedRow> = {
  ...MEASURED,
  ...COUNTED_ONLY,
};

/** The English name of a language's code; of another text the text itself. */
export function languageName(code: string): string {
  return Object.hasOwn(LANGUAGE_TABLE, code) ? LANGUAGE_TABLE[code as CountedLanguage].name : code;
}
