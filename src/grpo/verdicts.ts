/** What the verdicts on a group say of what can be learnt from it. */
export type GroupVerdict = 'mixed' | 'all_right' | 'all_wrong' | 'unjudged';

/**
 * Of the verdicts alone, never of a reward: shaped rewards differ where all answers are wrong. Completions that could not be
 * judged do not count.
 */
export function groupVerdict(verdicts: readonly (boolean | null)[]): GroupVerdict {
  const judged = verdicts.filter((verdict) => verdict !== null);
  const right = judged.filter((verdict) => verdict).length;
  if (judged.length === 0) return 'unjudged';
  if (right === 0) return 'all_wrong';
  return right === judged.length ? 'all_right' : 'mixed';
}
