import { afterThought, type ThinkTags, type Thought } from '../answer/index.js';
import type { Tokenizer } from '../tokenizer/types.js';

/**
 * Whether a thought is open at the end of a prompt. What stands before the question, such as a system message, may speak of
 * the marks without setting one. `tags`: what a thought stands between, where that is the run's own.
 */
export async function thoughtOfPrompt(
  tokenizer: Tokenizer,
  { prompt, question }: { prompt: ArrayLike<number>; question: string },
  tags: ThinkTags | undefined,
): Promise<Thought> {
  const text = await tokenizer.decode(Int32Array.from(prompt), { special: true });
  const at = text.lastIndexOf(question);
  const behind = at < 0 ? text : text.slice(at + question.length);
  const open = afterThought(behind, tags ? { open: false, tags } : false) === null;
  return tags ? { open, tags } : open;
}
