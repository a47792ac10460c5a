export { formatReward } from './format.js';
export { createGrader, type Grader, type GraderOptions } from './grader.js';
export { gradingErrors } from './grading_errors.js';
export { moduleFiles } from './module_files.js';
export { gradeRollout } from './rollout.js';
export type {
  GradedCompletion,
  RewardFunction,
  RewardInput,
  RewardSettings,
  UngradedCompletion,
  VerifierFunction,
} from './types.js';
