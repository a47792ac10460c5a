import { nanStatistics } from '../base/statistics.js';
import { STD_FLOOR } from './std_floor.js';
import type { AdvantageEstimator } from './types.js';

/**
 * Advantages that are a reward less a baseline, NaN where a row has no reward or nothing to be compared with.
 *
 * rloo: A = R - mean of the other judged completions of the group (Ahmadian et al., arXiv 2402.14740; TRL's RLOOTrainer).
 * reinforce: A = R. reinforce_batch: A = R - mean of the whole generation. `normalized`: (A - mean) / (std + 1e-4) over the
 * generation, as RLOOTrainer's normalize_advantages; of reinforce that is REINFORCE++ (arXiv 2501.03262).
 */
export function baselined(
  rewards: Float64Array,
  {
    estimator,
    numGenerations,
    normalized,
  }: { estimator: Exclude<AdvantageEstimator, 'group'>; numGenerations: number; normalized: boolean },
): Float64Array {
  const advantages = BASELINES[estimator](rewards, numGenerations);
  if (!normalized) return advantages;
  const { mean, std } = nanStatistics(advantages);
  return advantages.map((value) => (value - mean) / (std + STD_FLOOR));
}

const BASELINES: Record<
  Exclude<AdvantageEstimator, 'group'>,
  (rewards: Float64Array, numGenerations: number) => Float64Array
> = {
  rloo: leaveOneOut,
  reinforce: (rewards) => rewards.slice(),
  reinforce_batch: (rewards) => {
    const { mean } = nanStatistics(rewards);
    return rewards.map((reward) => reward - mean);
  },
};

function leaveOneOut(rewards: Float64Array, numGenerations: number): Float64Array {
  const advantages = new Float64Array(rewards.length);
  for (let start = 0; start < rewards.length; start += numGenerations) {
    const group = rewards.subarray(start, start + numGenerations);
    const judged = group.filter((reward) => !Number.isNaN(reward));
    const sum = judged.reduce((total, reward) => total + reward, 0);
    // A completion that is judged alone is compared with nothing: 0 / 0.
    group.forEach((reward, i) => {
      advantages[start + i] = reward - (sum - reward) / (judged.length - 1);
    });
  }
  return advantages;
}
