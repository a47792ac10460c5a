export { checkBudget } from './budget.js';
export type { Phase, Tell, TrainEvent } from './events.js';
export { labSettings } from './lab_settings.js';
export { describeMachine, glossaVersion } from './machine.js';
export { longestPrompt, planOf, type PromptSizes } from './memory.js';
export { engineOptions, openModel, readConfigJson, type OpenModel, type OpenOptions } from './model.js';
export { learningRate } from './schedule.js';
export { loadSource } from './sources.js';
export { checkInputs, resume, train, type TrainOptions, type TrainResult } from './train.js';
