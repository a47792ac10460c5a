import { userInfo } from 'node:os';
import { slurmCommand } from './command.js';
import { firstRunOf } from './folder.js';

/** A task that Slurm has not finished. */
export interface QueuedTask {
  /** `<array>_<task>`, as scancel takes it. */
  task: string;
  /** Slurm's word: PENDING, RUNNING, ... */
  state: string;
}

/**
 * The tasks of a sweep that wait or run, by the index of their run. They are known by their script, so that nothing needs to be
 * kept of them.
 *
 * @throws GlossaError SLURM_NOT_FOUND, SLURM_REFUSED.
 */
export async function queuedTasks(dir: string): Promise<Map<number, QueuedTask>> {
  const format = '%F|%K|%T|%o';
  const text = await slurmCommand('squeue', [
    '--noheader',
    '--array',
    `--user=${userInfo().username}`,
    `--format=${format}`,
  ]);
  const tasks = new Map<number, QueuedTask>();
  for (const line of text.split('\n')) {
    const [, array, task, state, script] = /^(\d+)\|(\d+)\|(\w+)\|(.*)$/.exec(line.trim()) ?? [];
    const from = script === undefined ? undefined : firstRunOf(script, dir);
    if (from !== undefined) tasks.set(from + Number(task), { task: `${array!}_${task!}`, state: state! });
  }
  return tasks;
}
