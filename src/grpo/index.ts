export { computeAdvantages } from './advantages.js';
export { klEstimate, type KlEstimator } from './kl.js';
export { overlongPunishment } from './overlong.js';
export { ADVANTAGE_ESTIMATORS } from './types.js';
export { groupVerdict, type GroupVerdict } from './verdicts.js';
