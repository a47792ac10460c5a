export { scoreSequences } from './compute.js';
export { measureFile, readSequences } from './file.js';
export { arrowFile, jsonLines, logprobParquet } from './output.js';
export type { ScoredSequence, Sequence } from './types.js';
