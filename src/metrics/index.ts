export { fieldMeasure, findMeasure, labelOf, type FoundMeasure } from './find.js';
export { MEASURES } from './measures.js';
export { showValue } from './show.js';
export type { Measure, Unit } from './types.js';
