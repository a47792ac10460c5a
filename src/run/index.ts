export {
  checkpointAt,
  checkpointBefore,
  checkpointSteps,
  latestCheckpoint,
  writeCheckpoint,
  type FoundCheckpoint,
} from './checkpoint.js';
export { claimNewRun, claimRun, obstacleOf, type RunClaim } from './claim.js';
export { atKs, differsStrictly, type EvaluationFile, type EvaluationRow } from './evaluation.js';
export { finalStep } from './final_step.js';
export { runFolder, stepOf, type RunFolder } from './folder.js';
export {
  configDifferences,
  differencesText,
  isUnder,
  readingDifferences,
  settingDifferences,
  type Difference,
} from './differences.js';
export { glanceAt, type RunGlance } from './glance.js';
export { FileHistory, historyDamage } from './history.js';
export { inputDifferences, inputFile, type InputFile, type RunInputs } from './inputs.js';
export { linesUpTo, readMetrics } from './metrics.js';
export { copyTokenizer, isModelFile, isWeights, writeModelFolder } from './model_folder.js';
export { describeMachine, glossaVersion } from './machine.js';
export { pruneReferences } from './references.js';
export { readRun } from './read.js';
export { GENERATOR, hasGenerator, MANIFEST, manifestText, parseManifest } from './report_files.js';
export { readRecord, writeRecord, type Machine, type RunRecord } from './record.js';
export type { Run } from './run.js';
export { stateOf, type RunState } from './standing.js';
export { isModelOnly, verifyCheckpoint, type CheckpointState, type JsonValue } from './state.js';
export type { MetricsLine, RunSummary } from './types.js';
