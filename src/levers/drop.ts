import type { ResolvedConfig } from '../config/index.js';
import type { Lever } from './types.js';

/**
 * Completions that reason in another language carry no loss. With `statistics: kept` they are not judged either, so that a group's
 * mean and deviation are those of what is kept; with `all` they count there, and what is kept is compared with them too. A
 * completion without a counted word of reasoning is kept: nothing says what language it is in.
 */
export function drop({ below, statistics }: NonNullable<ResolvedConfig['levers']['drop']>): Lever {
  return {
    name: 'drop',
    afterGrading: ({ graded, rewards, lossMask }) => {
      const dropped = graded.map(({ language: { fidelity } }) => (fidelity.targetWr ?? 1) < below);
      return {
        lossMask: lossMask.map((carries, i) => (dropped[i] ? 0 : carries)),
        ...(statistics === 'kept' && {
          rewards: { ...rewards, rows: rewards.rows.map((row, i) => (dropped[i] ? row.map(() => null) : row)) },
        }),
        metrics: { 'drop/share': dropped.filter(Boolean).length / dropped.length },
      };
    },
  };
}
