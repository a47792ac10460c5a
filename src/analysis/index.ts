export { collapse, SMOOTHING } from './collapse.js';
export { differ, wilson } from './interval.js';
export { runModel, trials, type RunModel, type SuiteSeries, type TrainingSeries } from './model.js';
export { extremes, known, pointsOf, stretches, type KnownPoint, type Point } from './points.js';
export { fidelityPrices } from './price.js';
