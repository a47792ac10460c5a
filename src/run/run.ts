import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ioError, writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { latestCheckpoint, type FoundCheckpoint } from './checkpoint.js';
import type { EvaluationFile } from './evaluation.js';
import { runFolder, stepOf, type RunFolder } from './folder.js';
import { lockRun } from './lock.js';
import { MetricsFile, truncateMetrics } from './metrics.js';
import { readRecord, writeRecord, type RunRecord } from './record.js';

/** A run's folder, open and locked by this process. */
export interface Run {
  folder: RunFolder;
  record: RunRecord;
  metrics: MetricsFile;
  /** Changes fields of run.json and writes it. */
  update(change: Partial<RunRecord>): Promise<void>;
  writeEvaluation(file: EvaluationFile): Promise<void>;
  /** Closes files and gives the folder back. */
  close(): Promise<void>;
}

/**
 * Makes the folder of a new run and locks it.
 *
 * @throws GlossaError RUN_EXISTS where there is a run in it already; RUN_LOCKED; IO_ERROR.
 */
export async function createRun(dir: string, record: RunRecord): Promise<Run> {
  const folder = runFolder(resolve(dir));
  await makeFolders(folder);
  const unlock = await lockRun(folder.lock);
  try {
    if (await exists(folder.record)) {
      throw new GlossaError('RUN_EXISTS', `${folder.dir} holds a run already`, {
        hint: `glossa train --resume ${dir} goes on with it; --overwrite deletes it; --set run.dir=... puts the new run elsewhere`,
      });
    }
    await writeRecord(folder.record, record);
    return await open(folder, record, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

export interface ResumedRun {
  run: Run;
  /** Undefined: the run was stopped before its first checkpoint and begins again. */
  checkpoint: FoundCheckpoint | undefined;
}

/**
 * Takes a run up again at its newest whole checkpoint: metrics are cut back to its step, and rollouts and evaluations past
 * it are removed, for they will be made again.
 *
 * @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT, RUN_LOCKED, CHECKPOINT_CORRUPT, IO_ERROR.
 */
export async function resumeRun(dir: string, warn: (message: string) => void): Promise<ResumedRun> {
  const folder = runFolder(resolve(dir));
  await readRecord(folder.dir);
  const unlock = await lockRun(folder.lock);
  try {
    const record = await readRecord(folder.dir);
    await makeFolders(folder);
    const checkpoint = await latestCheckpoint(folder, warn);
    const step = checkpoint?.state.step ?? 0;
    await truncateMetrics(folder.metrics, step);
    await removeLater(folder.rollouts, step);
    await removeLater(folder.evaluations, step);
    return { run: await open(folder, record, unlock), checkpoint };
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function open(folder: RunFolder, first: RunRecord, unlock: () => Promise<void>): Promise<Run> {
  const metrics = await MetricsFile.open(folder.metrics);
  const run: Run = {
    folder,
    record: first,
    metrics,
    async update(change) {
      run.record = { ...run.record, ...change };
      await writeRecord(folder.record, run.record);
    },
    writeEvaluation: (file) =>
      writeFileAtomic(folder.evaluation(file.step, file.suite), `${JSON.stringify(file, null, 2)}\n`),
    async close() {
      await metrics.close();
      await unlock();
    },
  };
  return run;
}

async function makeFolders(folder: RunFolder): Promise<void> {
  for (const dir of [folder.dir, folder.rollouts, folder.evaluations, folder.checkpoints]) {
    await mkdir(dir, { recursive: true }).catch((error: unknown) => {
      throw ioError('make', dir, error);
    });
  }
}

/** A file named after a step is made during that step, so those of steps past the checkpoint go. */
async function removeLater(dir: string, step: number): Promise<void> {
  for (const name of await readdir(dir)) {
    const at = stepOf(name);
    const leftOver = name.startsWith('.') && name.endsWith('.tmp');
    if (leftOver || (at !== undefined && (at > step || step === 0))) await rm(join(dir, name), { force: true });
  }
}
