export { exportRun } from './export.js';
export { mergeModels } from './merge.js';
