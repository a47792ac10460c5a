export { evaluate, type EvaluateSettings, type Evaluation } from './evaluate.js';
