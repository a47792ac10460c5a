import { GlossaError } from '../base/error.js';
import {
  configOf,
  isBegun,
  readSweep,
  runState,
  updateResults,
  writeRunConfig,
  type SweepRecord,
  type SweepRun,
} from '../sweep/index.js';
import { readRecord } from '../run/index.js';
import { EXIT, interruptedExit } from './errors.js';
import { trainCommand } from './train.js';

/**
 * One run of a sweep, by its index: begins it, or goes on with it from its last checkpoint. It is what a task of an array job and
 * a pod of a Job call.
 */
export async function sweepTask(dir: string, index: string): Promise<number> {
  const sweep = await readSweep(dir);
  const run = runOf(sweep, index);
  const say = (text: string) => process.stderr.write(`${text}\n`);
  if (run === undefined) {
    say(`the sweep has no run ${index} any more: nothing to do`);
    return 0;
  }
  if ((await runState(run.dir)) === 'finished') {
    say(`run ${String(run.index)} (${run.name}) is finished: nothing to do`);
    return 0;
  }
  say(`run ${String(run.index)}: ${run.name}`);
  const before = await savedStep(run);
  let code: number;
  try {
    code = await train(sweep, run);
  } catch (error) {
    if (!(error instanceof GlossaError) || error.code !== 'ABORTED') throw error;
    code = interruptedExit();
  }
  await updateResults(sweep).catch((error: unknown) => {
    say(`results/ is not up to date: ${(error as Error).message}`);
  });
  if (code < 128 || (await savedStep(run)) > before) return code;
  // Queued again and again it would never get further.
  say(
    'no step was finished and saved before the signal to end came: more time is needed (slurm.time, slurm.signal_before)',
  );
  return EXIT.failure;
}

async function train(sweep: SweepRecord, run: SweepRun): Promise<number> {
  const threads = process.env['SLURM_CPUS_PER_TASK'];
  const set = threads !== undefined && configOf(sweep, run).threads === 0 ? [`threads=${threads}`] : [];
  if (await isBegun(run.dir)) return trainCommand(undefined, { set, resume: run.dir, progress: 'plain' });
  const path = await writeRunConfig(sweep, run);
  return trainCommand(path, { set: [...set, `run.dir=${run.dir}`], progress: 'plain' });
}

async function savedStep(run: SweepRun): Promise<number> {
  return (await isBegun(run.dir)) ? ((await readRecord(run.dir)).saved ?? 0) : 0;
}

/** Undefined: there was a run of that index, and the sweep does not ask for it any more. */
function runOf({ runs, dir }: SweepRecord, given: string): SweepRun | undefined {
  const last = runs.reduce((most, { index }) => Math.max(most, index), 0);
  const index = Number(given);
  if (!/^\d+$/.test(given) || index > last)
    throw new GlossaError('USAGE', `expected the index of a run of ${dir}, 0 to ${String(last)}, got ${given}`, {
      hint: `npx glossa sweep ${dir} --task 0`,
    });
  return runs.find((run) => run.index === index);
}
