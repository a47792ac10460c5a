import { nearest } from '../base/suggest.js';
import { LANGUAGES, type Language } from './types.js';

/** What else the languages are called: in English, in themselves, ISO 639-2, and country codes taken for languages. */
const OTHER_NAMES: Record<Language, readonly string[]> = {
  en: ['english', 'eng', 'us', 'gb'],
  ko: ['korean', 'kor', 'kr', 'hangul', '한국어', '한국말', '국어'],
  zh: [
    'chinese',
    'zho',
    'chi',
    'cn',
    'cmn',
    'mandarin',
    'tw',
    '中文',
    '汉语',
    '漢語',
    '普通话',
    '简体中文',
    '繁體中文',
  ],
  ja: ['japanese', 'jpn', 'jp', '日本語'],
  th: ['thai', 'tha', 'ไทย', 'ภาษาไทย'],
  uk: ['ukrainian', 'ukr', 'ua', 'українська'],
};

/** The code of a language that is written in another way: `Korean`, `kor`, `ko-KR`, `zh_Hans_CN`, `ukranian`. */
export function findLanguage(text: string): Language | undefined {
  if (text.length > 40) return undefined;
  const [main = ''] = text.trim().toLowerCase().split(/[-_ ]/u);
  const known = LANGUAGES.find((language) => language === main || OTHER_NAMES[language].includes(main));
  if (known || main.length < 4) return known;
  const near = nearest(
    main,
    LANGUAGES.map((language) => OTHER_NAMES[language][0]!),
  );
  return LANGUAGES.find((language) => OTHER_NAMES[language][0] === near);
}

/** `; did you mean ko?` where another way to write a language is known. */
export function languageHint(text: string): string {
  const found = findLanguage(text);
  return found ? `; did you mean ${found}?` : '';
}
