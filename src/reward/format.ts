import { holdsNumber } from '../answer/index.js';
import type { Finish } from '../engine/types.js';

/**
 * 1 where a completion ends by itself with exactly one `####` line, on its last line, that holds a number; else 0. So a
 * completion cut by its budget, one without an answer line, and one that answers twice or goes on after the answer get nothing.
 */
export function formatReward(completion: string, finish: Finish): number {
  if (finish !== 'stop') return 0;
  const text = completion.trimEnd();
  const mark = text.indexOf('####');
  if (mark < 0 || text.includes('####', mark + 4)) return 0;
  if (mark > 0 && text[mark - 1] !== '\n') return 0;
  const answer = text.slice(mark + 4, mark + 4 + 200);
  return answer.length < 200 && !answer.includes('\n') && holdsNumber(answer) ? 1 : 0;
}
