import type { ResolvedConfig } from '../config/index.js';
import type { Problem } from '../data/types.js';
import type { RolloutColumns } from '../engine/types.js';
import type { GradedCompletion } from '../reward/index.js';

/** Whether a training set is weighed by levels: accuracy is counted by them then. */
export const hasLevels = ({ data }: Pick<ResolvedConfig, 'data'>): boolean =>
  data.train.some(({ levels }) => levels !== undefined);

/** What accuracy by level is counted from, a row a completion. */
export function levelRows(
  graded: readonly Pick<GradedCompletion, 'correct'>[],
  problems: readonly Problem[],
  { promptIndex }: Pick<RolloutColumns, 'promptIndex'>,
) {
  return graded.map(({ correct }, row) => ({ correct, level: problems[promptIndex[row]!]!.level }));
}
