export { computeAdvantages } from './advantages.js';
export { klEstimate, type KlEstimator } from './kl.js';
