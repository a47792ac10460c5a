export type ScaleRewards = 'group' | 'batch' | 'none';
/** What a completion's reward is compared with: its group, the others of its group, nothing, or the whole generation. */
export const ADVANTAGE_ESTIMATORS = ['group', 'rloo', 'reinforce', 'reinforce_batch'] as const;
export type AdvantageEstimator = (typeof ADVANTAGE_ESTIMATORS)[number];
export interface AdvantageSettings {
  /** Default group. */
  estimator?: AdvantageEstimator;
  /** Taken off the sum of each row's rewards, which must be judged to have one; default none. */
  penalties?: ArrayLike<number> | undefined;
  numGenerations: number;
  weights: readonly number[];
  scaleRewards: ScaleRewards;
  multiObjectiveAggregation: 'sum_then_normalize' | 'normalize_then_sum';
}
export interface Advantages {
  /** Weighted sum of the judged rewards; NaN where none was. */
  rewards: Float64Array;
  advantages: Float32Array;
  /** 1 where the deviation that the row's advantage is divided by is zero, and so its advantage too. */
  zeroStd: Uint8Array;
  /** Of all rows, as are `rewardMean` and `rewardStd` (n - 1). */
  fracRewardZeroStd: number;
  rewardMean: number;
  rewardStd: number;
}
