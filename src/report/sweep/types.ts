/** A value of an axis, as the results of a sweep have it. */
export type AxisValue = string | number | boolean | null;

/** One run of a sweep, as its page shows it. */
export interface SweepPageRun {
  name: string;
  arm: string | null;
  seed: number;
  /** finished, failed, stopped, ... */
  state: string;
  /** Code and message of a failure. */
  error: string | null;
  steps: number | null;
  maxSteps: number | null;
  /** By setting. */
  axes: Readonly<Record<string, AxisValue>>;
  /** Last values, by their names in metrics.jsonl. */
  figures: Readonly<Record<string, number | null>>;
  collapseStep: number | null;
  /** Fidelity price against the baseline. */
  price: number | null;
}

/** A sweep as its page shows it; plain data, whoever gathers it. */
export interface SweepPage {
  name: string;
  dir: string;
  /** Settings of the axes. */
  axes: readonly string[];
  /** In words, what prices are against; null where there is no baseline. */
  baseline: string | null;
  runs: readonly SweepPageRun[];
}
