export {
  ANSWER_MODES,
  extractAnswer,
  gradeAnswer,
  judgeAnswer,
  type Answer,
  type AnswerMode,
  type JudgeOptions,
  type Verdict,
} from './extract.js';
export { findNumbers } from './number.js';
