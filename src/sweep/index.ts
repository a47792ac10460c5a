export { configOf, rawConfig } from './config.js';
export { readSweepFile, type SweepFile } from './file.js';
export { sweepFolder } from './folder.js';
export { appendLog, readLog, type HalvingArm, type HalvingDecision, type LoggedEvent, type SweepEvent } from './log.js';
export { planSweep, type SweepPlan } from './plan.js';
export { findSweep, readSweep, writeSweep, type SweepRecord, type SweepRun } from './record.js';
export { sweepJsonSchema, type SweepSpec } from './schema.js';
export { isBegun, runHolder, runState, type RunState } from './state.js';
