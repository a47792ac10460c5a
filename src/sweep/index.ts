export { configOf, rawConfig } from './config.js';
export { readSweepFile, type SweepFile } from './file.js';
export { makeLabs, missingLabs, type SweepLab } from './labs.js';
export { runLocally, type LocalOptions, type SweepProgress } from './local.js';
export { lockSweep } from './lock.js';
export { localMachine, type LocalMachine } from './machine.js';
export {
  startRun,
  writeRunConfig,
  type RunExit,
  type RunPlace,
  type RunProcess,
  type RunProcessOptions,
} from './run_process.js';
export { sweepFolder } from './folder.js';
export { appendLog, readLog, type HalvingArm, type HalvingDecision, type LoggedEvent, type SweepEvent } from './log.js';
export { planSweep, type SweepPlan } from './plan.js';
export { measureRun, processSeconds, runSeconds, scheduleSeconds, type Measured } from './measure.js';
export { shapeOf } from './memory.js';
export { prepareSweep } from './prepare.js';
export { kubernetesManifest } from './kubernetes/manifest.js';
export { findSweep, readSweep, writeSweep, type SweepRecord, type SweepRun } from './record.js';
export { sweepJsonSchema, type SweepSpec } from './schema.js';
export { Slots } from './slots.js';
export { queuedTasks } from './slurm/queue.js';
export { planJobs, plannedScripts, submitJobs } from './slurm/submit.js';
export type { TaskCommand } from './slurm/script.js';
export {
  isBegun,
  runHolder,
  runState,
  stoppedRuns,
  stoppedState,
  sweepState,
  unfinishedRuns,
  type RunState,
} from './state.js';
export type { Row, Table } from './results/columns.js';
export { updateResults } from './results/update.js';
