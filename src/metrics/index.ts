export { fieldMeasure, findMeasure, labelOf, type FoundMeasure } from './find.js';
export { completionMetrics, gradedMetrics, languageMetrics, type GradedRow } from './graded.js';
export { isTiming } from './machine.js';
export { MEASURES, type Field, type MetricName, type Metrics } from './measures.js';
export { showValue } from './show.js';
export { CompletionSums, type Figures, type SummedCompletion } from './sums.js';
export type { Measure } from './types.js';
