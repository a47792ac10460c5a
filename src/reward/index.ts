export { extractAnswer, gradeAnswer, type Answer } from './answer.js';
export { formatReward } from './format.js';
export { createGrader, type Grader, type GraderOptions } from './grader.js';
export { gradeRollout } from './rollout.js';
export type { UngradedCompletion } from './grade.js';
export type { GradedCompletion, RewardFunction, RewardInput, RewardSettings } from './types.js';
