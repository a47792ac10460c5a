import { rm } from 'node:fs/promises';
import { summaryOf, summaryText } from '../analysis/index.js';
import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import type { MemoryPlan } from '../engine/types.js';
import { labSettings, locateInputs, withLabTrial, type Pretraining } from '../inputs/index.js';
import {
  claimNewRun,
  describeMachine,
  obstacleOf,
  type FoundCheckpoint,
  type Run,
  type RunRecord,
} from '../run/index.js';
import { keepBase } from './base.js';
import { warner, type Tell } from './events.js';
import type { NewRunOptions, TrainOptions, TrainResult } from './options.js';
import { openParts, type Parts } from './parts.js';
import { Profile } from './profile.js';
import { Session } from './session.js';
import { storedType } from './stored_type.js';
import { SupervisedSession } from './supervised.js';

/**
 * Trains a new run in `config.run.dir`. Everything that can be checked is checked before anything is written.
 *
 * @throws GlossaError RUN_EXISTS, RUN_LOCKED, RUN_NO_RECORD and those of model, data, rewards and config, which leave nothing
 *   behind; NONFINITE, GRADER_ERRORS, ALL_REWARDS_ZERO, IO_ERROR: run.json says `failed` then, and the last good checkpoint
 *   stays.
 */
export async function train(config: ResolvedConfig, options: NewRunOptions = {}): Promise<TrainResult> {
  const located = await locateInputs(config, warner(options.tell));
  const claim = await claimNewRun(located.run.dir, {
    ...(options.overwrite !== undefined && { overwrite: options.overwrite }),
    warn: warner(options.tell),
    stop: options.stop,
  });
  let parts: Parts | undefined;
  try {
    parts = await openParts(located, options);
    const run = await claim.begin(await newRecord(parts, options.asked));
    return await drive(run, parts, undefined, options);
  } finally {
    await parts?.close();
    await claim.release();
  }
}

/**
 * Opens everything as a run would, checks that it fits together, and writes nothing that stays. A lab model that is not in the
 * cache yet is tried with a few steps of pre-training.
 *
 * @returns what would keep the run from its folder, if anything, and the pre-training that it would begin with.
 * @throws GlossaError as {@link train} would before its first step.
 */
export async function checkInputs(
  config: ResolvedConfig,
  options: TrainOptions = {},
): Promise<{ obstacle: string | undefined; pretraining: Pretraining | undefined }> {
  const located = await locateInputs(config, warner(options.tell));
  const pretraining = await withLabTrial(located, async (tried, onPretrain) => {
    const tell: Tell = (event) => {
      if (event.type === 'pretrain' && tried !== located) onPretrain(event.progress);
      else options.tell?.(event);
    };
    await (await openParts(tried, { ...options, tell })).close();
  });
  return { obstacle: await obstacleOf(located.run.dir), pretraining };
}

/** Trains with what is open; run.json tells how it ended, and is closed. */
export async function drive(
  run: Run,
  parts: Parts,
  checkpoint: FoundCheckpoint | undefined,
  options: TrainOptions,
): Promise<TrainResult> {
  let session: Session | SupervisedSession | undefined;
  let profile: Profile | undefined;
  try {
    await rm(run.folder.summary, { force: true });
    const warn = warner(options.tell);
    if (options.profile !== undefined)
      profile = Profile.open(options.profile === true ? run.folder.profile : options.profile, warn);
    const told = profile ? { ...options, tell: profiled(profile, options) } : options;
    const { examples, config, model } = parts;
    await keepBase(run, config, model);
    session = examples
      ? await SupervisedSession.open(run, { ...parts, examples }, checkpoint, told)
      : await Session.open(run, parts, checkpoint, told);
    const result = await session.train();
    const { status, stopped, seconds, finalStep } = result;
    const end = {
      ...{ status, ended: new Date().toISOString() },
      ...(stopped !== undefined && { stopped }),
      ...(seconds !== undefined && { seconds }),
      ...(finalStep !== undefined && { final: finalStep }),
    };
    await conclude(run, end, options.tell);
    return result;
  } catch (error) {
    throw await recordFailure(run, error, options.tell);
  } finally {
    await session?.close();
    profile?.close();
    await run.close().catch(() => undefined);
  }
}

/** What is told, with the counters of each step in the profile. */
const profiled =
  (profile: Profile, { tell }: TrainOptions): Tell =>
  (event) => {
    tell?.(event);
    if (event.type === 'step') profile.step(event.line);
  };

/** How a run ends, in run.json, and before it in summary.json: one that is finished has one, whenever its process was killed. */
async function conclude(run: Run, change: Partial<RunRecord>, tell: Tell | undefined): Promise<void> {
  await run.fence();
  // Of one that goes with this process there is none.
  if (run.folder.dir === run.dir)
    await summaryOf(run.dir, { ...run.record, ...change })
      .then((summary) => writeFileAtomic(run.folder.summary, summaryText(summary)))
      .catch((error: unknown) => {
        warner(tell)(`${(error as Error).message}; npx glossa summary ${run.dir} prints it`);
      });
  await run.update(change);
}

/**
 * @returns what is to be told: the failure itself, which matters more than a full disk that keeps it out of run.json; but where
 *   another process has taken the run, that.
 */
async function recordFailure(run: Run, error: unknown, tell: Tell | undefined): Promise<unknown> {
  const { code, message } = error instanceof GlossaError ? error : { code: 'INTERNAL', message: String(error) };
  const status = code === 'ABORTED' || code === 'CANCELLED' ? 'interrupted' : 'failed';
  try {
    await conclude(run, { status, error: { code, message }, ended: new Date().toISOString() }, tell);
  } catch (failure) {
    if (failure instanceof GlossaError && failure.code === 'RUN_TAKEN_OVER') return failure;
  }
  return error;
}

async function newRecord(
  { config, model, memory, files, languages, train, excluded }: Parts,
  asked: RunRecord['asked'],
): Promise<RunRecord> {
  const start = config.model.init ? undefined : (config.model.path ?? model.labDir);
  return {
    format: 2,
    name: config.run.name,
    config,
    ...(asked && { asked }),
    ...(config.model.lab && { lab: labSettings(config.model.lab, config.seed) }),
    status: 'running',
    seed: config.seed,
    started: new Date().toISOString(),
    resumed: [],
    machine: describeMachine(),
    model: model.engine.info(),
    plan: recordedPlan(memory.plan),
    weights: start === undefined ? 'float32' : await storedType(start),
    languages: [...languages],
    languagePaidOn: 'reasoning',
    ...(excluded.some((count) => count > 0) && {
      excluded: excluded.map((count, i) => ({
        set: `data.train[${String(i)}]`,
        problems: train[i]!.problems.length,
        heldOut: count,
      })),
    }),
    inputs: files,
  };
}

/** What run.json keeps of a plan. */
export function recordedPlan({
  total,
  host,
  microBatchRows,
  microBatchTokens,
}: MemoryPlan): NonNullable<RunRecord['plan']> {
  return { total, host, microBatchRows, microBatchTokens };
}
