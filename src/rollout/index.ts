export { trainingColumns, type TrainingColumns } from './columns.js';
export { readRolloutFile, rolloutSteps, writeRolloutFile } from './file.js';
export { gradedColumns, type GradedRows } from './graded.js';
export { jsonLinesFile } from './json_lines.js';
export { parquetFile } from './parquet.js';
export { ADDED_FIELDS, FINISH_NAMES, rewardField, rolloutSchema, SAMPLED_FIELDS, wordsField } from './schema.js';
export { flatColumn, listColumn, wrapRollout, type Nullable, type RolloutAdditions } from './wrap.js';
