import { measureLanguage } from '../language/index.js';
import { LANGUAGES, type Language } from '../language/types.js';

/**
 * The language in which a question is asked of a model: the one that its run was trained in; of several, or where there was no
 * run, that of the question's words.
 */
export function questionLanguage(question: string, trained: readonly Language[]): Language {
  const [only, second] = trained;
  if (only !== undefined && second === undefined) return only;
  const own = languageOf(question);
  return own !== undefined && (only === undefined || trained.includes(own)) ? own : (only ?? 'en');
}

/** The measured language that most words are of. */
function languageOf(text: string): Language | undefined {
  // Asked for Ukrainian: Cyrillic that could be Russian too is then Ukrainian, and no other language is favoured.
  const { words } = measureLanguage(text, 'uk');
  const most = LANGUAGES.reduce((best, language) => (words[language] > words[best] ? language : best));
  return words[most] > 0 ? most : undefined;
}
