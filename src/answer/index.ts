export { answerPlace } from './place.js';
export { afterThought, type ThinkTags, type Thought } from './thought.js';
export {
  extractAnswer,
  gradeAnswer,
  holdsNumber,
  isJudged,
  judgeAnswer,
  type JudgeOptions,
  type Verdict,
} from './judge.js';
export type { AnswerMode } from './types.js';
export { isModule, VERIFIER_NAMES } from './types.js';
export { verifierOf, VERIFIERS } from './verifier.js';
