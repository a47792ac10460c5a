import { join } from 'node:path';

/** Where a sweep keeps what it has to do with Slurm. */
export const taskFolder = (dir: string) => ({
  dir: join(dir, 'slurm'),
  /** Of the array whose task 0 is this run. */
  script: (from: number) => join(dir, 'slurm', `array-${String(from)}.sh`),
  /** Folder, and pattern of sbatch: number of the array, number of the task. */
  output: { folder: join(dir, 'slurm'), pattern: '%A_%a.log' },
});

/** The run that task 0 of the array of this script trains; undefined where the script is none of the sweep's. */
export function firstRunOf(script: string, dir: string): number | undefined {
  const { script: path } = taskFolder(dir);
  const from = /\/array-(\d+)\.sh$/.exec(script)?.[1];
  return from !== undefined && path(Number(from)) === script ? Number(from) : undefined;
}
