export type { AtK } from './at_k.js';
export { SumsByProblem, type ProblemCompletion } from './by_problem.js';
export type { Interval } from './clustered.js';
export { fieldMeasure, findMeasure, labelOf, rowMeasure, type FoundMeasure } from './find.js';
export { completionMetrics, gradedMetrics, languageMetrics, type GradedRow } from './graded.js';
export { isTiming } from './machine.js';
export { MEASURES, type Field, type MetricName, type Metrics } from './measures.js';
export { RewardSums, type RewardFigure } from './reward_sums.js';
export { showValue, STRICT_LABEL } from './show.js';
export {
  alarmText,
  FidelityWatch,
  plainestSuspect,
  watchedOf,
  type FidelityAlarm,
} from './fidelity_watch.js';
export type { FidelityCounts } from './fidelity_sums.js';
export { CompletionSums, type Figures, type SummedCompletion } from './sums.js';
export type { Measure } from './types.js';
