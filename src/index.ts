// What a program that imports glossa may use. The command line is built on the same functions.
export { gradeAnswer, judgeAnswer, type AnswerMode, type Verdict } from './answer/index.js';
export { GlossaError } from './base/error.js';
export type { ErrorCode } from './base/error_codes.js';
export {
  configJsonSchema,
  loadConfig,
  parseConfig,
  type Config,
  type ConfigInput,
  type ResolvedConfig,
} from './config/index.js';
export { loadDataSet, promptOrder } from './data/index.js';
export type { DataSet, DataSetSettings, Problem } from './data/types.js';
export {
  createEngine,
  loadEngine,
  nativeInfo,
  rolloutColumns,
  type Engine,
  type EngineInfo,
  type EngineOptions,
  type GenerateRequest,
  type GrpoStepRequest,
  type RolloutColumns,
} from './engine/index.js';
export { evaluate, type EvaluateSettings, type Evaluation } from './eval/index.js';
export { computeAdvantages } from './grpo/index.js';
export { fetchRepository, hubSettings, parseHubId, resolveModel } from './hub/index.js';
export { demoRecipe, pretrainLab, type LabSettings } from './lab/index.js';
export { labelWords, measureLanguage } from './language/index.js';
export { LANGUAGES, type Language, type LanguageMeasure } from './language/types.js';
export {
  findMeasure,
  isTiming,
  labelOf,
  MEASURES,
  showValue,
  type FoundMeasure,
  type Measure,
} from './metrics/index.js';
export { renderPrompt } from './prompt/index.js';
export { writeReport } from './report/index.js';
export { createGrader, type Grader } from './reward/index.js';
export { addColumns, readRolloutFile, writeRolloutFile } from './rollout/index.js';
export type {
  GradedCompletion,
  GroupRewardFunction,
  RewardCalls,
  RewardFunction,
  RewardInput,
  RewardSettings,
  VerifierFunction,
  VerifierInput,
} from './reward/types.js';
export { readMetrics, readRun, type EvaluationRow, type MetricsLine, type RunSummary } from './run/index.js';
export { loadTokenizer, type Tokenizer } from './tokenizer/index.js';
export { resume, train, type TrainEvent, type TrainOptions, type TrainResult } from './trainer/index.js';
