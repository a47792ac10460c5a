import { isAbsolute, join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import type { ResolvedConfig } from '../config/index.js';
import { resolveData, resolveModel } from '../hub/index.js';
import {
  checkpointAt,
  checkpointSteps,
  finalStep,
  latestCheckpoint,
  readRecord,
  runFolder,
  type FoundCheckpoint,
  type RunRecord,
} from '../run/index.js';

/**
 * The config with names of the hub (`org/name`, `datasets/org/name/file`) as the folders and files of its cache that they mean
 * now, and the folder of a run as its model ({@link runAsModel}). A run records these, and with them the commit.
 *
 * @throws GlossaError MODEL_NOT_FOUND, DATA_NOT_FOUND with the command that fetches them; HUB_SETTINGS.
 */
export async function locateInputs(config: ResolvedConfig, warn: (message: string) => void): Promise<ResolvedConfig> {
  const { model, data, sft } = config;
  const locate = <S extends { path?: string | undefined }>(sources: S[]) =>
    Promise.all(
      sources.map(async (source) =>
        source.path === undefined ? source : { ...source, path: await resolveData(source.path) },
      ),
    );
  return {
    ...config,
    model: model.path === undefined ? model : { ...model, path: await modelFolder(model.path, warn) },
    ...(sft && { sft: { ...sft, eval: await locate(sft.eval) } }),
    data: {
      ...data,
      train: await locate(data.train),
      eval: await Promise.all(
        (await locate(data.eval)).map(async ({ examples, ...source }) => ({
          ...source,
          ...(examples && { examples: { ...examples, path: await resolveData(examples.path) } }),
        })),
      ),
    },
  };
}

async function modelFolder(given: string, warn: (message: string) => void): Promise<string> {
  const path = isAbsolute(given) ? given : await resolveModel(given);
  if ((await exists(join(path, 'config.json'))) || !(await exists(join(path, 'run.json')))) return path;
  return (await runAsModel(path, warn)).dir;
}

/** What a run stands for where it is named as a model. */
export interface RunModel extends FoundCheckpoint {
  /** Why it is this checkpoint, in words. */
  why: string;
}

/**
 * The checkpoint that a run stands for: that of a step where one is asked for; of a finished run the one whose weights final/
 * holds; else the newest whole one.
 *
 * @throws GlossaError MODEL_NOT_FOUND where it has none; CHECKPOINT_CORRUPT where that of the step is not whole.
 */
export async function runAsModel(path: string, warn: (message: string) => void, step?: number): Promise<RunModel> {
  const folder = runFolder(path);
  if (step !== undefined) return { ...(await checkpointAt(folder, step)), why: 'the step that was asked for' };
  const record = await readRecord(path);
  const ended = finalStep(record);
  if (ended !== undefined) {
    try {
      return { ...(await checkpointAt(folder, ended)), why: whyFinal(record, ended) };
    } catch (error) {
      if (!(error instanceof GlossaError)) throw error;
      warn(`${error.message}; the run ended with its weights. Taking the newest whole checkpoint`);
    }
  }
  const checkpoint = await latestCheckpoint(folder, warn);
  if (checkpoint)
    return {
      ...checkpoint,
      why: `the newest ${ended === undefined ? '' : 'whole '}checkpoint${ended === undefined ? ' of a run that has not finished' : ''}`,
    };
  throw new GlossaError('MODEL_NOT_FOUND', `${path}: the run has no checkpoint yet`, {
    hint: `npx glossa train --resume ${path} goes on with it`,
  });
}

function whyFinal({ best, saved }: RunRecord, step: number): string {
  return best?.step === step && saved !== step
    ? `the best by ${best.metric} (${String(best.value)}), with which the run ended`
    : 'the last one';
}

/** Steps of a run that have a checkpoint, ascending. @throws GlossaError RUN_NOT_FOUND. */
export async function checkpointsOf(given: string): Promise<number[]> {
  const run = runFolder(resolve(given));
  await readRecord(run.dir);
  return checkpointSteps(run);
}
