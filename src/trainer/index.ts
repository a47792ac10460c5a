export type { Tell, TrainEvent } from './events.js';
export { checkResume, resume, type Change, type ResumeResult } from './resume.js';
export type { TrainOptions, TrainResult } from './options.js';
export { checkInputs, train } from './train.js';
export { requireTraceFile } from './trace_file.js';
export { saveInType } from './weights.js';
