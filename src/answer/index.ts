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
export { isModule, VERIFIER_NAMES, type VerifierName } from './types.js';
export { verifierOf, VERIFIERS, type Verifier } from './verifier.js';
