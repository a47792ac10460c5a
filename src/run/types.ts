import type { EvaluationRow } from './evaluation.js';
import type { RunRecord } from './record.js';

/** One line of metrics.jsonl: numbers or null under the names of `src/metrics`. */
export interface MetricsLine {
  step: number; // 1-based: the optimizer step just made; 0 is the evaluation before training
  [name: string]: number | null;
}

/** What a run's folder says of it, but for its rollouts and weights. */
export interface RunSummary extends Pick<RunRecord, 'name' | 'config' | 'status' | 'languages'> {
  dir: string;
  metrics: MetricsLine[];
  /** Held-out evaluations, by step and suite. */
  evaluations: EvaluationRow[];
}
