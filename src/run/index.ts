export {
  latestCheckpoint,
  verifyCheckpoint,
  writeCheckpoint,
  type CheckpointState,
  type CheckpointWriter,
  type FoundCheckpoint,
} from './checkpoint.js';
export type { EvaluationFile, EvaluationRow } from './evaluation.js';
export { runFolder, stepOf, type RunFolder } from './folder.js';
export { isTiming, MetricsFile, readMetrics, truncateMetrics } from './metrics.js';
export { readRun } from './read.js';
export { readRecord, writeRecord, type Machine, type RunRecord } from './record.js';
export { createRun, resumeRun, type Run } from './run.js';
export type { MetricsLine, RunSummary } from './types.js';
