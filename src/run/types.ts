import type { Metrics } from '../metrics/index.js';
import type { EvaluationRow } from './evaluation.js';
import type { RunRecord } from './record.js';

/** One line of metrics.jsonl. */
export type MetricsLine = Metrics & {
  /** The optimizer step just made, from 1; 0 is the evaluation before training. */
  step: number;
};

/** What a run's folder says of it, but for its rollouts and weights. */
export interface RunSummary extends Pick<RunRecord, 'name' | 'config' | 'status' | 'languages'> {
  dir: string;
  metrics: MetricsLine[];
  /** Held-out evaluations, by step and suite. */
  evaluations: EvaluationRow[];
}
