export { exportRun } from './export.js';
