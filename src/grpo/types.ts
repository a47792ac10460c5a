export type ScaleRewards = 'group' | 'batch' | 'none';
export interface AdvantageSettings {
  numGenerations: number;
  weights: readonly number[];
  scaleRewards: ScaleRewards;
  multiObjectiveAggregation: 'sum_then_normalize' | 'normalize_then_sum';
}
export interface Advantages {
  /** Weighted sum of the judged rewards; NaN where none was. */
  rewards: Float32Array;
  advantages: Float32Array;
  fracRewardZeroStd: number;
  rewardMean: number;
  rewardStd: number;
}
// src/grpo/index.ts: computeAdvantages(rewardsPerFunction: (number|null)[][] [row][function], settings): Advantages
//   (docs: grpo.md 2.3; golden: advantages.json)
