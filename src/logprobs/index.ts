export { scoreSequences, type LogprobSettings } from './compute.js';
export { measureFile, readSequences } from './file.js';
export { arrowFile, jsonLines, logprobParquet } from './output.js';
export type { RowContext } from './row.js';
export type { ScoredSequence, Sequence } from './types.js';
