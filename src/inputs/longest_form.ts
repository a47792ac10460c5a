import type { ResolvedConfig } from '../config/index.js';
import type { Language } from '../language/types.js';
import { hintedPrompt, type PromptSettings } from '../prompt/index.js';

/** How a training problem is asked at most: with a hint, where some have one. */
export function longestForm({ prompt, levers }: Pick<ResolvedConfig, 'prompt' | 'levers'>) {
  return (language: Language): PromptSettings => (levers.hints ? hintedPrompt(prompt, levers.hints, language) : prompt);
}
