import { LANGUAGE_TABLE, languageName } from '../language/index.js';
import type { Language } from '../language/types.js';
import type { PromptSettings } from './types.js';

/** What is added to a prompt: names are those of the config's `levers.hints`. */
export interface Hint {
  /** A text, in which `{language}` is the language's name, or `auto`, a sentence of the language. */
  text: string;
  /** What the thought (of a plain prompt the answer) begins with, or a system message behind the run's own. */
  place: 'thought' | 'system';
}

/** The text of a hint in a language. */
export function hintText({ text }: Hint, language: Language): string {
  return text === 'auto' ? LANGUAGE_TABLE[language].thinkPrefix : text.replaceAll('{language}', languageName(language));
}

/** How a problem of a language is asked with a hint. */
export function hintedPrompt<P extends PromptSettings>(prompt: P, hint: Hint, language: Language): P {
  const text = hintText(hint, language);
  if (hint.place === 'thought') return { ...prompt, think_prefix: text };
  return { ...prompt, system: prompt.system === undefined ? text : `${prompt.system}\n${text}` };
}
