import { GlossaError } from '../base/error.js';
import { isZeroStd, nanStatistics, shareOfOnes } from '../base/statistics.js';
import { baselined } from './baselines.js';
import { STD_FLOOR } from './std_floor.js';
import type { AdvantageSettings, Advantages } from './types.js';

/**
 * Rewards to advantages, as TRL's GRPOTrainer makes them.
 *
 * `rewardsPerFunction[row][k]` is the unweighted reward of row `row` from function `k`, null for "not judged". Rows of one
 * group are consecutive, `numGenerations` of them. The reward of a row is the weighted sum of what was judged; a row no
 * function judged has reward NaN, and advantage 0.
 *
 * sum_then_normalize: A = (R - mean of group) / (s + 1e-4), s = std of the group, of the batch, or no division at all.
 * normalize_then_sum (GDPO): each function is normalised within its group, the weighted sum over the batch; `scaleRewards`
 * plays no part. Other estimators than `group` are those of {@link baselined}. Standard deviations divide by n - 1. Arithmetic in float64; advantages are rounded to float32 once.
 *
 * `zeroStd` marks the rows whose deviation is zero: their group's, also where nothing is divided by it; with `batch` scaling
 * that of the batch; with normalize_then_sum that of the sums over the batch. In the last two it is all rows or none.
 *
 * Errors: ADVANTAGE_SHAPE where rows do not divide into groups or a row's length differs from the weights'.
 */
export function computeAdvantages(
  rewardsPerFunction: readonly (readonly (number | null)[])[],
  settings: AdvantageSettings,
): Advantages {
  const { numGenerations, weights, scaleRewards, multiObjectiveAggregation, penalties } = settings;
  const { estimator = 'group' } = settings;
  const rows = rewardsPerFunction.length;
  checkShape(rewardsPerFunction, settings);

  const rewards = new Float64Array(rows);
  for (let row = 0; row < rows; row++)
    rewards[row] = weightedSum(rewardsPerFunction[row]!, weights) - (penalties?.[row] ?? 0);
  const batch = nanStatistics(rewards);

  const advantages = new Float64Array(rows);
  const zeroStd = new Uint8Array(rows);
  if (multiObjectiveAggregation === 'normalize_then_sum') {
    const sums = normalizedSums(rewardsPerFunction, weights, numGenerations);
    const { mean, std } = spread(sums, 0, rows);
    for (let row = 0; row < rows; row++) advantages[row] = (sums[row]! - mean) / (std + STD_FLOOR);
    if (isZeroStd(std)) zeroStd.fill(1);
  } else if (estimator !== 'group') {
    advantages.set(baselined(rewards, { estimator, numGenerations, normalized: scaleRewards === 'batch' }));
    for (let start = 0; start < rows; start += numGenerations)
      if (isZeroStd(spread(rewards, start, start + numGenerations).std)) zeroStd.fill(1, start, start + numGenerations);
  } else {
    const batchStd = spread(rewards, 0, rows).std;
    for (let start = 0; start < rows; start += numGenerations) {
      const group = spread(rewards, start, start + numGenerations);
      const std = scaleRewards === 'batch' ? batchStd : group.std;
      const divisor = scaleRewards === 'none' ? 1 : std + STD_FLOOR;
      for (let row = start; row < start + numGenerations; row++)
        advantages[row] = (rewards[row]! - group.mean) / divisor;
      if (isZeroStd(std)) zeroStd.fill(1, start, start + numGenerations);
    }
  }

  return {
    rewards,
    advantages: Float32Array.from(advantages, (value) => (Number.isNaN(value) ? 0 : value)),
    zeroStd,
    fracRewardZeroStd: rows === 0 ? 0 : shareOfOnes(zeroStd),
    rewardMean: batch.mean,
    rewardStd: batch.std,
  };
}

/** As nanStatistics, but a group (or batch) of one row has deviation 0, which TRL says where it has only one generation. */
function spread(values: Float64Array, start: number, end: number): { mean: number; std: number } {
  const { mean, std } = nanStatistics(values, start, end);
  return { mean, std: end - start === 1 ? 0 : std };
}

function weightedSum(values: readonly (number | null)[], weights: readonly number[]): number {
  let sum = 0;
  let judged = false;
  values.forEach((value, k) => {
    if (value === null || Number.isNaN(value)) return;
    sum += weights[k]! * value;
    judged = true;
  });
  return judged ? sum : NaN;
}

/** Weighted sums of rewards normalised within their group, function by function; NaN where no function judged the row. */
function normalizedSums(
  rewardsPerFunction: readonly (readonly (number | null)[])[],
  weights: readonly number[],
  numGenerations: number,
): Float64Array {
  const rows = rewardsPerFunction.length;
  const sums = new Float64Array(rows);
  const judged = new Uint8Array(rows);
  const column = new Float64Array(rows);
  weights.forEach((weight, k) => {
    for (let row = 0; row < rows; row++) {
      const value = rewardsPerFunction[row]![k]!;
      column[row] = value ?? NaN;
      if (!Number.isNaN(column[row]!)) judged[row] = 1;
    }
    for (let start = 0; start < rows; start += numGenerations) {
      const { mean, std } = spread(column, start, start + numGenerations);
      for (let row = start; row < start + numGenerations; row++) {
        const normalized = (column[row]! - mean) / (std + STD_FLOOR);
        if (!Number.isNaN(normalized)) sums[row]! += weight * normalized;
      }
    }
  });
  for (let row = 0; row < rows; row++) if (!judged[row]) sums[row] = NaN;
  return sums;
}

function checkShape(rewardsPerFunction: readonly (readonly (number | null)[])[], settings: AdvantageSettings): void {
  const { numGenerations, weights } = settings;
  if (!Number.isInteger(numGenerations) || numGenerations < 1 || rewardsPerFunction.length % numGenerations !== 0) {
    throw new GlossaError(
      'ADVANTAGE_SHAPE',
      `${rewardsPerFunction.length} rows do not divide into groups of numGenerations = ${numGenerations}`,
    );
  }
  rewardsPerFunction.forEach((row, index) => {
    if (row.length === weights.length) return;
    throw new GlossaError(
      'ADVANTAGE_SHAPE',
      `row ${index} has ${row.length} rewards, but there are ${weights.length} reward weights`,
    );
  });
}
