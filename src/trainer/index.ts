export type { Phase, Tell, TrainEvent } from './events.js';
export { learningRate } from './schedule.js';
export { checkResume, resume, type Change, type ResumeOptions, type ResumeResult } from './resume.js';
export type { NewRunOptions, TrainOptions, TrainResult } from './options.js';
export { checkInputs, train } from './train.js';
