import { holdsNumber, type Thought } from '../answer/index.js';
import type { Finish } from '../engine/types.js';

/**
 * 1 where a completion ends by itself with exactly one `####` line, on its last line, that holds a number; else 0. So a
 * completion cut by its budget, one without an answer line, and one that answers twice or goes on after the answer get nothing. Where a run has think tags of its own, the thought must stand between them, once, before the
 * answer.
 */
export function formatReward(completion: string, finish: Finish, thought: Thought = false): number {
  if (finish !== 'stop' || !hasOneThought(completion, thought)) return 0;
  const text = completion.trimEnd();
  const mark = text.indexOf('####');
  if (mark < 0 || text.includes('####', mark + 4)) return 0;
  if (mark > 0 && text[mark - 1] !== '\n') return 0;
  const answer = text.slice(mark + 4, mark + 4 + 200);
  return answer.length < 200 && !answer.includes('\n') && holdsNumber(answer) ? 1 : 0;
}

/** Whether the one thought is opened (where the prompt has not done it) and closed, before the answer's mark. */
function hasOneThought(completion: string, thought: Thought): boolean {
  if (typeof thought === 'boolean') return true;
  const [open, close] = thought.tags;
  const [opened, ...more] = completion.split(open);
  if (more.length !== (thought.open ? 0 : 1)) return false;
  const [before, behind, ...again] = (thought.open ? opened! : more[0]!).split(close);
  return behind !== undefined && again.length === 0 && !before!.includes('####');
}
