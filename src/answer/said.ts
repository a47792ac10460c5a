import { ownPart } from './run_on.js';
import { afterThought, type Thought } from './thought.js';

/** Characters of a completion that are read, from its end. */
const LONGEST = 1_000_000;

/**
 * Where a completion's final answer stands: behind its thought, before the text runs on into another question. Null in a thought
 * that never ended; `thought`: the prompt had begun one.
 */
export function saidPart(completion: string, thought: Thought): string | null {
  const said = afterThought(completion.slice(-LONGEST), thought);
  return said === null ? null : ownPart(said).trimEnd();
}

/** Where what {@link saidPart} gives begins in the completion. */
export function saidStart(completion: string, thought: Thought): number {
  return completion.length - (afterThought(completion.slice(-LONGEST), thought)?.length ?? 0);
}
