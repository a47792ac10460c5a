export { collapse, SMOOTHING } from './collapse.js';
export { holds, parseCondition, requireKnown, sortBy } from './condition.js';
export { foldersBelow, type FoundFolder } from './folders.js';
export { differ, wilson } from './interval.js';
export { runModel, trials, type RunModel, type SuiteSeries, type TrainingSeries } from './model.js';
export { overview, type RunOverview } from './overview.js';
export { extremes, known, pointsOf, stretches, type KnownPoint, type Point } from './points.js';
export { fidelityPrices } from './price.js';
