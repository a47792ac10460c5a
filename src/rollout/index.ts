export { trainingColumns, type TrainingColumns } from './columns.js';
export { readRolloutFile, writeRolloutFile } from './ipc.js';
export { ADDED_FIELDS, FINISH_NAMES, rewardField, rolloutSchema, SAMPLED_FIELDS, wordsField } from './schema.js';
export { wrapRollout, type Nullable, type RolloutAdditions } from './wrap.js';
