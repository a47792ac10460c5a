import { nearest } from '../base/suggest.js';
import { LANGUAGE_TABLE, LANGUAGES, type Language } from './table.js';

/** The code of a language that is written in another way: `Korean`, `kor`, `ko-KR`, `zh_Hans_CN`, `ukranian`. */
export function findLanguage(text: string): Language | undefined {
  if (text.length > 40) return undefined;
  const whole = text.trim().toLowerCase();
  const [main = ''] = whole.split(/[-_ ]/u);
  const known = LANGUAGES.find((language) => {
    const { ownName, otherNames } = LANGUAGE_TABLE[language];
    return [language, nameOf(language), ...otherNames].includes(main) || whole === ownName.toLowerCase();
  });
  if (known || main.length < 4) return known;
  // A slip of the pen leaves the first letter: Danish is not Spanish.
  const near = nearest(
    main,
    LANGUAGES.map(nameOf).filter((name) => name.startsWith(main[0]!)),
  );
  return LANGUAGES.find((language) => nameOf(language) === near);
}

const nameOf = (language: Language): string => LANGUAGE_TABLE[language].name.toLowerCase();

/** `; did you mean ko?` where another way to write a language is known. */
export function languageHint(text: string): string {
  const found = findLanguage(text);
  return found ? `; did you mean ${found}?` : '';
}
