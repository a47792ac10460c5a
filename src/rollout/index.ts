export { ADDED_FIELDS, rewardField, wordsField } from './added_fields.js';
export { addColumns, type RolloutAdditions } from './add_columns.js';
export { readRolloutFile, rolloutSteps, writeRolloutFile } from './file.js';
export { FIDELITY_COLUMNS, fidelityCells, fidelityOfRow, type FidelityCells } from './fidelity_columns.js';
export { gradedColumns } from './graded.js';
export { jsonLinesFile } from './json_lines.js';
export { parquetFile } from './parquet.js';
