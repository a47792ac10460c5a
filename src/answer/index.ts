export { afterThought } from './thought.js';
export {
  extractAnswer,
  gradeAnswer,
  holdsNumber,
  isJudged,
  judgeAnswer,
  type Answer,
  type JudgeOptions,
  type Verdict,
} from './judge.js';
export type { AnswerMode } from './types.js';
