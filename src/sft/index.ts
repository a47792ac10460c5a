export { batchOf, tokensOf } from './batch.js';
export type { Example } from './example.js';
export { heldOutLoss } from './held_out.js';
export { openExamples, type Examples } from './open.js';
export { exampleOrder } from './order.js';
export { completionFiles, selectCompletions } from './select.js';
