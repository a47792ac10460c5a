import { GlossaError } from '../base/error.js';
import { makeFolder } from '../base/folder.js';
import {
  kubernetesManifest,
  lockSweep,
  planJobs,
  plannedScripts,
  prepareSweep,
  queuedTasks,
  submitJobs,
  unfinishedRuns,
  type SweepPlan,
  type TaskCommand,
} from '../sweep/index.js';
import type { Display } from './display.js';
import { count } from './format.js';

/** This program, as a task on another machine is to call it. */
const task = (): TaskCommand => ({
  command: [process.execPath, ...process.execArgv, process.argv[1]!],
  cwd: process.cwd(),
});

/** Prints what would be handed to Slurm. */
export async function showScripts({ record }: SweepPlan): Promise<number> {
  const scripts = await plannedScripts(record, await unfinishedRuns(record), task());
  process.stdout.write(scripts.length > 0 ? scripts.join('\n') : '# nothing is left to do\n');
  return 0;
}

/** Hands Slurm the runs that it does not have and that are not finished. */
export async function submitSweep(
  plan: SweepPlan,
  { again, json }: { again: string; json?: boolean },
  display: Display,
): Promise<number> {
  const { record } = plan;
  if (record.spec.halving) display.warning('halving: under Slurm every run is made to its end');
  await refuseQueued(plan);
  const submitted: { job: string; runs: string[] }[] = [];
  const finished = await prepared(plan, display, async () => {
    const unfinished = await unfinishedRuns(record);
    const { jobs, queued } = await planJobs(record, unfinished, task());
    await submitJobs(record, jobs, ({ job, runs }) => {
      submitted.push({ job, runs: runs.map(({ name }) => name) });
      display.line(`submitted array job ${job}: ${count(runs.length, 'run')}`);
    });
    return {
      done: record.runs.length - unfinished.length,
      queued: unfinished.filter(({ index }) => queued.has(index)).length,
    };
  });
  const { done, queued } = finished;
  if (json)
    process.stdout.write(
      `${JSON.stringify({ dir: record.dir, runs: record.runs.length, finished: done, queued, submitted })}\n`,
    );
  if (queued > 0) display.line(`${count(queued, 'run')} with Slurm already`);
  if (done > 0) display.line(`${count(done, 'run')} finished`);
  if (done === record.runs.length) return 0;
  display.line('to look, and to submit again what failed or was cancelled:');
  display.line(`  npx glossa runs ${record.dir}`);
  display.line(`  ${again} --slurm`);
  return 0;
}

/** What is to begin anew must not be taken from a task that is at it. */
async function refuseQueued({ record, changed }: SweepPlan): Promise<void> {
  const queued = changed.length > 0 ? await queuedTasks(record.dir) : new Map<number, { task: string }>();
  const tasks = changed.flatMap(({ run }) => queued.get(run.index)?.task ?? []);
  if (tasks.length > 0)
    throw new GlossaError('SWEEP_EDITED', `${count(tasks.length, 'run')} that would begin anew are with Slurm still`, {
      hint: `scancel ${tasks.join(' ')}, or put the files back`,
    });
}

/** Prints the manifest of a Job, and prepares the folder that its pods read, unless nothing is to be written. */
export async function printManifest(plan: SweepPlan, display: Display, dryRun = false): Promise<number> {
  const manifest = kubernetesManifest(plan.record);
  if (!dryRun) await prepared(plan, display, () => Promise.resolve());
  process.stdout.write(manifest);
  return 0;
}

async function prepared<T>(plan: SweepPlan, display: Display, work: () => Promise<T>): Promise<T> {
  await makeFolder(plan.record.dir);
  const lock = await lockSweep(plan.record.dir, (message) => {
    display.warning(message);
  });
  try {
    await prepareSweep(plan);
    return await work();
  } finally {
    await lock.release();
  }
}
