export { loadDataSet } from './load.js';
export { openRows, rowPlace } from './open.js';
export { promptOrder } from './order.js';
export { readJsonlRows, type Row } from './rows.js';
export type { DataSet, DataSetSettings, Problem } from './types.js';
