export { verifyRun, type Verified } from './verify.js';
