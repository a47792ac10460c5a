import { scheduleAt } from '../base/schedule.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Lever } from './types.js';

/** Gives rewards the weights of the step, where they follow a schedule. */
export function rewardWeights({ rewards }: Pick<ResolvedConfig, 'rewards'>): Lever | undefined {
  const scheduled = rewards.filter(({ weight }) => typeof weight !== 'number');
  if (scheduled.length === 0) return undefined;
  return {
    name: 'weights',
    afterGrading: ({ step, rewards: table }) => {
      const now = new Map(scheduled.map(({ name, weight }) => [name, scheduleAt(weight, step)]));
      return {
        rewards: { ...table, weights: table.weights.map((weight, k) => now.get(table.names[k]!) ?? weight) },
        metrics: Object.fromEntries([...now].map(([name, weight]) => [`rewards/${name}/weight`, weight])),
      };
    },
  };
}
