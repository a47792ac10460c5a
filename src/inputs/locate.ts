import { isAbsolute, join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import type { ResolvedConfig } from '../config/index.js';
import { resolveData, resolveModel } from '../hub/index.js';
import {
  checkpointAt,
  checkpointSteps,
  latestCheckpoint,
  readRecord,
  runFolder,
  type FoundCheckpoint,
} from '../run/index.js';

/**
 * The config with names of the hub (`org/name`, `datasets/org/name/file`) as the folders and files of its cache that they mean
 * now, and the folder of a run as its newest checkpoint. A run records these, and with them the commit.
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

/**
 * The newest whole checkpoint of a run that is named as a model, or that of a step.
 *
 * @throws GlossaError MODEL_NOT_FOUND where it has none; CHECKPOINT_CORRUPT where that of the step is not whole.
 */
export async function runAsModel(
  path: string,
  warn: (message: string) => void,
  step?: number,
): Promise<FoundCheckpoint> {
  if (step !== undefined) return checkpointAt(runFolder(path), step);
  const checkpoint = await latestCheckpoint(runFolder(path), warn);
  if (checkpoint) return checkpoint;
  throw new GlossaError('MODEL_NOT_FOUND', `${path}: the run has no checkpoint yet`, {
    hint: `npx glossa train --resume ${path} goes on with it`,
  });
}

/** Steps of a run that have a checkpoint, ascending. @throws GlossaError RUN_NOT_FOUND. */
export async function checkpointsOf(given: string): Promise<number[]> {
  const run = runFolder(resolve(given));
  await readRecord(run.dir);
  return checkpointSteps(run);
}
