export { loadDataSet } from './load.js';
export { exactText, InvalidText } from './problem.js';
export { fieldOf } from './field.js';
export { InexactNumber } from './exact.js';
export { isDataFile, openRows, rowPlace } from './open.js';
export { remarks } from './remarks.js';
export { promptOrder } from './order.js';
export { readJsonlRows, type Row } from './rows.js';
export type { DataSet, DataSetSettings, Problem } from './types.js';
