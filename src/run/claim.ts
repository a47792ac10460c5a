import { rm, rmdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { makeFolder } from '../base/folder.js';
import { finishArrival } from './arrival.js';
import { checkpointSteps, latestCheckpoint, type FoundCheckpoint } from './checkpoint.js';
import { runFolder, type RunFolder } from './folder.js';
import { FileHistory, historyDamage, stepsText } from './history.js';
import { requireKinds } from './kinds.js';
import { lockRun, type LockOptions, type RunLock } from './lock.js';
import { linesAfter, linesUpTo, readMetrics, rewriteMetrics } from './metrics.js';
import { removeModelFolder } from './model_folder.js';
import { findRecord, writeRecord, type FoundRecord, type RunRecord } from './record.js';
import { remnantsOf, removeLater, removeLeftOvers, removeRun } from './remove.js';
import { Run } from './run.js';
import type { MetricsLine } from './types.js';

type Warn = (message: string) => void;

/** A folder that this process has locked and in which it has changed nothing yet. */
export interface NewRunClaim {
  /** Makes the run. One that is to be overwritten stays until the new one has its first checkpoint. */
  begin(record: RunRecord): Promise<Run>;
  /** Gives the folder back; it goes, if it was made for this and is empty. */
  release(): Promise<void>;
}

/**
 * Locks a folder for a new run. A run that never made a step (its start failed or was stopped) is no obstacle.
 *
 * @throws GlossaError RUN_LOCKED; RUN_EXISTS where there is a run and `overwrite` is not set; RUN_NO_RECORD where there is
 *   something of a run but no run.json; RUN_CORRUPT where run.json is none of ours; IO_ERROR.
 */
export async function claimNewRun(
  dir: string,
  { overwrite = false, ...options }: LockOptions & { overwrite?: boolean } = {},
): Promise<NewRunClaim> {
  const folder = runFolder(resolve(dir));
  const made = await makeFolder(folder.dir);
  const lock = releasing(await lockOrLeave(folder, made, options), made);
  const { release } = lock;
  try {
    await requireKinds(folder);
    await finishArrival(folder);
    const standing = await standingRun(folder);
    if (standing === 'begun' && !overwrite) {
      throw new GlossaError('RUN_EXISTS', `${folder.dir} holds a run already`, {
        hint: `npx glossa train --resume ${dir} goes on with it; --overwrite puts the new run in its place; --set run.dir=... puts the new run elsewhere`,
      });
    }
    return {
      release,
      async begin(record) {
        await lock.fence();
        await sweep(folder);
        if (standing === 'idle') await removeRun(folder);
        const place = standing === 'begun' ? runFolder(folder.next) : folder;
        await makeFolders(place);
        await writeRecord(place, record);
        return Run.open(folder.dir, place, record, { lock });
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** What would keep a new run from this folder, in words; looks only. */
export async function obstacleOf(dir: string): Promise<string | undefined> {
  const folder = runFolder(resolve(dir));
  try {
    await requireKinds(folder);
    return (await standingRun(folder)) === 'begun' ? `${folder.dir} holds a run already` : undefined;
  } catch (error) {
    if (error instanceof GlossaError) return error.message;
    throw error;
  }
}

/** Whether there is a run in the folder, and whether it has made a step. */
async function standingRun(folder: RunFolder): Promise<'none' | 'idle' | 'begun'> {
  if (!(await exists(folder.record)) && !(await exists(folder.recordCopy))) {
    const remnants = await remnantsOf(folder);
    if (remnants.length === 0) return 'none';
    throw new GlossaError(
      'RUN_NO_RECORD',
      `${folder.dir} holds something of a run (${remnants.join(', ')}) but no run.json: a new run would be mixed with it`,
      { hint: 'restore its run.json, move these files away, or choose another run.dir' },
    );
  }
  const { record } = await findRecord(folder.dir, () => undefined);
  if (record.status === 'finished' || (await checkpointSteps(folder)).length > 0) return 'begun';
  // What cannot be read as metrics may be somebody's.
  const lines = await readMetrics(folder.metrics).catch(() => [{ step: 1 }]);
  return lines.some(({ step }) => step > 0) ? 'begun' : 'idle';
}

/** A run that this process has locked to go on with, and in which it has changed nothing yet. */
export interface RunClaim extends FoundRecord {
  folder: RunFolder;
  /** The newest whole one. Undefined: the run was stopped before its first checkpoint and begins again. */
  checkpoint: FoundCheckpoint | undefined;
  /** What of metrics, rollouts and evaluations before the checkpoint is missing or was changed. */
  damage: string[];
  /** Steps before the checkpoint that have no line in metrics.jsonl. */
  missing: number[];
  /** Lines of metrics.jsonl behind the newest checkpoint that was written: of steps that will be made again. */
  lost: MetricsLine[];
  /**
   * Cuts metrics back to the checkpoint, removes rollouts and evaluations past it (they will be made again) and final weights,
   * and opens the run.
   */
  rewind(record: RunRecord): Promise<Run>;
  /** Removes what killed processes have left. */
  sweep(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Locks a run to go on with it at its newest whole checkpoint.
 *
 * @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT, RUN_LOCKED, CHECKPOINT_CORRUPT, CHECKPOINT_MISSING, IO_ERROR.
 */
export async function claimRun(dir: string, warn: Warn, stop?: AbortSignal): Promise<RunClaim> {
  const folder = runFolder(resolve(dir));
  if (!(await exists(folder.arriving))) await findRecord(folder.dir, () => undefined);
  const lock = releasing(await lockRun(folder.lock, { warn, stop }), []);
  const { release } = lock;
  try {
    await requireKinds(folder);
    await finishArrival(folder);
    if (await exists(folder.next))
      warn(
        `${folder.dir}: a run that was to overwrite this one was stopped before its first checkpoint; this is the one before it`,
      );
    const found = await findRecord(folder.dir, warn);
    const checkpoint = await latestCheckpoint(folder, warn);
    const step = checkpoint?.state.step ?? 0;
    const saved = found.record.saved ?? 0;
    if (!checkpoint && (saved > 0 || found.record.status === 'finished')) {
      throw new GlossaError('CHECKPOINT_MISSING', `${folder.checkpoints}: the checkpoints of this run are gone`, {
        hint: 'restore them, or start the run again in a new folder',
      });
    }
    if (step < saved)
      warn(`the checkpoint of step ${String(saved)} is not whole or gone; going on from step ${String(step)}`);
    const files = new FileHistory();
    const { lines, missing } = await linesUpTo(folder.metrics, step);
    const history = checkpoint?.state.history;
    const damage = history
      ? await historyDamage(folder, step, history, { lines, missing, files })
      : missing.length > 0
        ? [`metrics.jsonl has no line of ${stepsText(missing)}`]
        : [];
    return {
      ...found,
      folder,
      checkpoint,
      damage,
      missing,
      lost: await linesAfter(folder.metrics, saved > 0 ? saved : -1),
      release,
      sweep: () => sweep(folder),
      async rewind(record) {
        await lock.fence();
        await sweep(folder);
        await makeFolders(folder);
        await rewriteMetrics(folder.metrics, lines);
        await removeLater(folder.rollouts, step);
        await removeLater(folder.evaluations, step);
        await removeModelFolder(folder.final);
        await writeRecord(folder, record);
        return Run.open(folder.dir, folder, record, { lines, files, lock });
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

async function sweep(folder: RunFolder): Promise<void> {
  await removeLeftOvers(folder);
  await rm(folder.next, { recursive: true, force: true });
}

async function lockOrLeave(folder: RunFolder, made: readonly string[], options: LockOptions): Promise<RunLock> {
  try {
    return await lockRun(folder.lock, options);
  } catch (error) {
    await removeEmpty(made);
    throw error;
  }
}

function releasing({ fence, release }: RunLock, made: readonly string[]): RunLock {
  let released: Promise<void> | undefined;
  // Once: by the second time the lock may be another process's.
  return { fence, release: () => (released ??= release().then(() => removeEmpty(made))) };
}

/** Folders of which each lies in the one before, from the innermost; one that is not empty stays. */
async function removeEmpty(dirs: readonly string[]): Promise<void> {
  for (const dir of [...dirs].reverse()) await rmdir(dir).catch(() => undefined);
}

async function makeFolders(folder: RunFolder): Promise<void> {
  for (const dir of [folder.dir, folder.rollouts, folder.evaluations, folder.checkpoints]) await makeFolder(dir);
}
