export { Levers } from './levers.js';
export { openLevers } from './open.js';
export type { GradedGeneration, Lever, RewardTable } from './types.js';
