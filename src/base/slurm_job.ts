import { execFile } from 'node:child_process';
import { z } from 'zod';

/** The Slurm job that a process runs in. */
export interface SlurmJob {
  /** Of an array's task its own number, which a requeued task keeps. */
  id: string;
  cluster: string;
  /** How often it was requeued. */
  restarts: number;
}

export const slurmJobSchema: z.ZodType<SlurmJob> = z.object({
  id: z.string().regex(/^\d+$/),
  cluster: z.string(),
  restarts: z.int().min(0),
});

/** The job that this process runs in, by its environment. */
export function thisSlurmJob(environment: NodeJS.ProcessEnv = process.env): SlurmJob | undefined {
  return slurmJobSchema.safeParse({
    id: environment.SLURM_JOB_ID,
    cluster: environment.SLURM_CLUSTER_NAME,
    restarts: Number(environment.SLURM_RESTART_COUNT ?? 0),
  }).data;
}

/** In these a job's processes may still be at work. */
const AT_WORK = ['RUNNING', 'COMPLETING', 'SUSPENDED', 'STOPPED', 'SIGNALING', 'STAGE_OUT', 'RESIZING'];
/** Milliseconds that a controller has to answer. */
const PATIENCE = 5000;

/**
 * Whether Slurm says that a process of `job` is no more: the job is not known any more, has ended, waits to be started again, or
 * is this very job, which was requeued since. Only a job of the same cluster knows; false where nobody can say.
 */
export async function isJobOver(job: SlurmJob, asker = thisSlurmJob()): Promise<boolean> {
  if (asker?.cluster !== job.cluster) return false;
  if (asker.id === job.id) return asker.restarts > job.restarts;
  const { failed, stdout, stderr } = await ask(['--noheader', '--jobs', job.id, '--format', '%i %T %A']);
  if (failed) return /invalid job id/i.test(stderr);
  // To an array's first number Slurm answers with all its tasks.
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/));
  return !lines.some(([, state, id]) => id === job.id && AT_WORK.includes(state ?? ''));
}

function ask(args: readonly string[]): Promise<{ failed: boolean; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile('squeue', args, { timeout: PATIENCE }, (error, stdout, stderr) => {
      resolve({ failed: error !== null, stdout, stderr });
    });
  });
}
