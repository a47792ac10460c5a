export { trainingColumns, type TrainingColumns } from './columns.js';
export { readRolloutFile, writeRolloutFile } from './ipc.js';
export { ADDED_FIELDS, FINISH_NAMES, rewardField, rolloutSchema, SAMPLED_FIELDS, wordsField } from './schema.js';
export { flatColumn, listColumn, wrapRollout, type Nullable, type RolloutAdditions } from './wrap.js';
