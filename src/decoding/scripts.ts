import { LANGUAGE_TABLE, LANGUAGES, type Language } from '../language/index.js';
import { LETTER_SCRIPTS, type LetterScript } from './token_letters.js';

/** Scripts that a language is written in. Korean is in hangul alone: hanja are asked for as `han`. */
export function scriptsOf(language: Language): readonly LetterScript[] {
  const { script } = LANGUAGE_TABLE[language];
  return language === 'ja' ? ['kana', 'han'] : [script as LetterScript];
}

/** What may stand in `decoding.allow`. */
export const ALLOWED_NAMES: readonly string[] = ['target', ...LETTER_SCRIPTS, ...LANGUAGES];

/** The scripts that an entry of `decoding.allow` names, for a prompt in a language. */
export function namedScripts(name: string, target: Language): readonly LetterScript[] {
  if (name === 'target') return scriptsOf(target);
  if ((LANGUAGES as readonly string[]).includes(name)) return scriptsOf(name as Language);
  return [name as LetterScript];
}
