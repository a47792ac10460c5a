export { verifyRun, type Verified, type VerifySettings } from './verify.js';
