export type ScaleRewards = 'group' | 'batch' | 'none';
export interface AdvantageSettings {
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
