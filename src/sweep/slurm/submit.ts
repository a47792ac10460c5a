import { writeFileAtomic } from '../../base/atomic.js';
import { GlossaError } from '../../base/error.js';
import { makeFolder } from '../../base/folder.js';
import { appendLog } from '../log.js';
import type { SweepRecord, SweepRun } from '../record.js';
import { slurmCommand } from './command.js';
import { taskFolder } from './folder.js';
import { queuedTasks, type QueuedTask } from './queue.js';
import { arrayJobs, type ArrayJob, type TaskCommand } from './script.js';

/** Tasks that an array may have where Slurm cannot be asked: its own default. */
const DEFAULT_MAX_ARRAY_SIZE = 1001;

/** What was handed to Slurm, array by array. */
export interface Submission {
  job: string;
  runs: SweepRun[];
}

/** What a sweep still has to do, and what of it Slurm has already. */
export interface SlurmPlan {
  jobs: ArrayJob[];
  /** By the index of the run. */
  queued: Map<number, QueuedTask>;
}

/**
 * The array jobs that a sweep still needs.
 *
 * @param unfinished its runs that are to be trained.
 * @throws GlossaError SLURM_NOT_FOUND, SLURM_REFUSED, SWEEP_INVALID.
 */
export async function planJobs(
  sweep: SweepRecord,
  unfinished: readonly SweepRun[],
  task: TaskCommand,
): Promise<SlurmPlan> {
  const queued = await queuedTasks(sweep.dir);
  const indices = unfinished.map(({ index }) => index).filter((index) => !queued.has(index));
  return { jobs: arrayJobs(sweep, indices, await maxArraySize(), task), queued };
}

/** The scripts of all runs, as they would be handed to sbatch; where there is no Slurm, by its defaults. */
export async function plannedScripts(
  sweep: SweepRecord,
  unfinished: readonly SweepRun[],
  task: TaskCommand,
): Promise<string[]> {
  const indices = unfinished.map(({ index }) => index);
  const most = await maxArraySize().catch(() => DEFAULT_MAX_ARRAY_SIZE);
  return arrayJobs(sweep, indices, most, task).map(({ text }) => text);
}

/**
 * Writes the scripts and hands them to sbatch, one after the other; the log keeps the number of each array.
 *
 * @throws GlossaError SLURM_NOT_FOUND, SLURM_REFUSED, IO_ERROR; what was handed over before stays with Slurm, and the same command
 *   again hands over the rest.
 */
export async function submitJobs(
  sweep: SweepRecord,
  jobs: readonly ArrayJob[],
  tell: (submission: Submission) => void,
): Promise<void> {
  const byIndex = new Map(sweep.runs.map((run) => [run.index, run]));
  for (const { path, text, indices } of jobs) {
    await makeFolder(taskFolder(sweep.dir).dir);
    await writeFileAtomic(path, text);
    const job = await sbatch(path);
    const runs = indices.map((index) => byIndex.get(index)!);
    await appendLog(sweep.dir, [{ event: 'submitted', job, runs: runs.map(({ name }) => name) }]);
    tell({ job, runs });
  }
}

async function sbatch(path: string): Promise<string> {
  const answer = (await slurmCommand('sbatch', ['--parsable', path])).trim();
  // Where there are several clusters, the name of the one stands behind it.
  const job = /^(\d+)(;\S+)?$/.exec(answer)?.[1];
  if (job !== undefined) return job;
  throw new GlossaError('SLURM_REFUSED', `sbatch answers ${JSON.stringify(answer)}; expected the number of a job`, {
    hint: `try it by hand: sbatch --parsable ${path}`,
  });
}

async function maxArraySize(): Promise<number> {
  const text = await slurmCommand('scontrol', ['show', 'config']);
  const size = Number(/^MaxArraySize\s*=\s*(\d+)/m.exec(text)?.[1] ?? DEFAULT_MAX_ARRAY_SIZE);
  if (size > 0) return size;
  throw new GlossaError('SLURM_REFUSED', 'this cluster takes no array jobs (its MaxArraySize is 0)', {
    hint: 'without --slurm the sweep runs on one machine',
  });
}
