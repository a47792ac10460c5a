export { afterThought } from './thought.js';
export {
  ANSWER_MODES,
  extractAnswer,
  gradeAnswer,
  holdsNumber,
  isJudged,
  judgeAnswer,
  type Answer,
  type AnswerMode,
  type JudgeOptions,
  type Verdict,
} from './judge.js';
