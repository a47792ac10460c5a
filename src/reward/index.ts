export { beforeStop } from './before_stop.js';
export { formatReward } from './format.js';
export { createGrader, type Grader, type GraderOptions } from './grader.js';
export { gradingErrors } from './grading_errors.js';
export { moduleFiles } from './module/files.js';
export { thoughtOfPrompt } from './prompt_thought.js';
export { RolloutGrading, type GradedRollout } from './rollout.js';
export type { GradedCompletion, RewardSettings, UngradedCompletion } from './types.js';
