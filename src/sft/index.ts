export { batchOf, tokensOf } from './batch.js';
export type { Example } from './example.js';
export { heldOutLoss } from './held_out.js';
export { longestExample } from './longest.js';
export { openExamples, type Examples } from './open.js';
export { exampleOrder } from './order.js';
export { supervisedSteps } from './steps.js';
export { completionFiles, selectCompletions } from './select.js';
