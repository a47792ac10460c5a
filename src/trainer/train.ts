import { mkdir, rm } from 'node:fs/promises';
import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import { createRun, resumeRun, runFolder, type FoundCheckpoint, type Run, type RunRecord } from '../run/index.js';
import type { Tell } from './events.js';
import { locateInputs } from './locate.js';
import { describeMachine } from './machine.js';
import { labSettings } from './lab_settings.js';
import { openModel } from './model.js';
import { openData } from './parts.js';
import { Session } from './session.js';

export interface TrainOptions {
  /** Aborted: the step in progress is finished, a checkpoint saved, and the run ends as interrupted. */
  stop?: AbortSignal;
  /** Aborted: everything ends at once; the last checkpoint stays. */
  abort?: AbortSignal;
  tell?: Tell;
}

export interface TrainResult {
  dir: string;
  status: 'finished' | 'interrupted';
  /** Optimizer steps made. */
  step: number;
  /** Newest checkpoint. */
  checkpoint: string | undefined;
}

/**
 * Trains a new run in `config.run.dir`.
 *
 * @param overwrite delete a run that is in that folder already.
 * @throws GlossaError RUN_EXISTS, RUN_LOCKED, NONFINITE, GRADER_ERRORS, ALL_REWARDS_ZERO, IO_ERROR and those of model, data
 *   and config; run.json says `failed` then, and the last good checkpoint stays.
 */
export async function train(
  config: ResolvedConfig,
  options: TrainOptions & { overwrite?: boolean } = {},
): Promise<TrainResult> {
  const located = await locateInputs(config);
  const { dir } = located.run;
  if (options.overwrite) await removeRun(dir);
  return drive(await createRun(dir, newRecord(located)), located, undefined, options);
}

/**
 * Goes on with a run from its newest whole checkpoint (from the beginning where there is none yet). What it writes is what
 * the unbroken run would have written, bit for bit, but for timings.
 *
 * @param change makes the config to go on with from the one the run was started with.
 */
export async function resume(
  dir: string,
  change: (config: ResolvedConfig) => { config: ResolvedConfig; set: string[] },
  options: TrainOptions = {},
): Promise<TrainResult> {
  const { run, checkpoint } = await resumeRun(dir, (message) => options.tell?.({ type: 'warning', message }));
  let config: ResolvedConfig;
  try {
    const changed = change(run.record.config as ResolvedConfig);
    config = changed.config;
    const { error: _error, ended: _ended, ...record } = run.record;
    const again = { step: checkpoint?.state.step ?? 0, at: new Date().toISOString(), set: changed.set };
    run.record = { ...record, config, resumed: [...record.resumed, again] };
  } catch (error) {
    await run.close();
    throw error;
  }
  return drive(run, config, checkpoint, options);
}

async function drive(
  run: Run,
  config: ResolvedConfig,
  checkpoint: FoundCheckpoint | undefined,
  options: TrainOptions,
): Promise<TrainResult> {
  let session: Session | undefined;
  try {
    await run.update({ status: 'running' });
    session = await Session.open(run, config, checkpoint, options);
    const result = await session.run();
    await run.update({ status: result.status, ended: new Date().toISOString() });
    return result;
  } catch (error) {
    await recordFailure(run, error);
    throw error;
  } finally {
    await session?.close();
    await run.close().catch(() => undefined);
  }
}

/**
 * Opens model and data as a run would, checks that they fit together, and writes nothing but a lab model into the cache.
 *
 * @throws GlossaError as {@link train} would before its first step.
 */
export async function checkInputs(config: ResolvedConfig, options: Pick<TrainOptions, 'abort'> = {}): Promise<void> {
  const located = await locateInputs(config);
  const model = await openModel(located, options.abort ? { signal: options.abort } : {});
  try {
    await openData(located, model);
  } finally {
    await model.engine.dispose();
  }
}

/** The failure itself matters more than a full disk that keeps it out of run.json. */
async function recordFailure(run: Run, error: unknown): Promise<void> {
  const { code, message } = error instanceof GlossaError ? error : { code: 'INTERNAL', message: String(error) };
  const status = code === 'ABORTED' || code === 'CANCELLED' ? 'interrupted' : 'failed';
  await run.update({ status, error: { code, message }, ended: new Date().toISOString() }).catch(() => undefined);
}

function newRecord(config: ResolvedConfig): RunRecord {
  return {
    format: 1,
    name: config.run.name,
    config,
    ...(config.model.lab && { lab: labSettings(config.model.lab, config.seed) }),
    status: 'running',
    seed: config.seed,
    started: new Date().toISOString(),
    resumed: [],
    machine: describeMachine(),
  };
}

/** Removes what a run wrote, and nothing else that may lie in the folder. */
async function removeRun(dir: string): Promise<void> {
  const folder = runFolder(dir);
  await mkdir(dir, { recursive: true });
  for (const path of [
    folder.record,
    folder.metrics,
    folder.rollouts,
    folder.checkpoints,
    folder.evaluations,
    folder.reference,
    folder.report,
  ]) {
    await rm(path, { recursive: true, force: true });
  }
}
