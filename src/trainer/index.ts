export { checkBudget } from './budget.js';
export type { Phase, Tell, TrainEvent } from './events.js';
export { labSettings } from './lab_settings.js';
export { describeMachine, glossaVersion } from './machine.js';
export { engineOptions, openModel, type OpenModel, type OpenOptions } from './model.js';
export { writeEvaluationRows } from './rollouts.js';
export { learningRate } from './schedule.js';
export { loadSource } from './sources.js';
export { checkInputs, resume, train, type TrainOptions, type TrainResult } from './train.js';
