export { exportRun, type ExportSettings, type Exported } from './export.js';
