export { evaluate, type EvaluateSettings, type Evaluation } from './evaluate.js';
export { evaluationRows } from './rows.js';
export { judgeAgain, type JudgeAgainSettings } from './judge_again.js';
