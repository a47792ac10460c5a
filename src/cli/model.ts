import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import { loadEngine } from '../engine/index.js';
import type { Dtype, Engine } from '../engine/types.js';
import { latestCheckpoint, readRecord, runFolder } from '../run/index.js';
import { loadTokenizer } from '../tokenizer/index.js';
import type { Tokenizer } from '../tokenizer/types.js';

export interface NamedModel {
  dir: string;
  engine: Engine;
  tokenizer: Tokenizer;
  /** How a run rendered its prompts and how long it let completions be; of a plain folder undefined. */
  config: ResolvedConfig | undefined;
  /** Optimizer steps of the run's checkpoint; 0 of a plain folder. */
  step: number;
}

/**
 * Opens a Hugging Face folder, or the newest checkpoint of a run.
 *
 * @throws GlossaError MODEL_NOT_FOUND where it is neither; those of engine and tokenizer.
 */
export async function openNamed(
  given: string,
  { dtype, threads }: { dtype: Dtype; threads: number },
  warn: (message: string) => void,
): Promise<NamedModel> {
  const found = await locateModel(resolve(given), warn);
  const tokenizer = await loadTokenizer(found.dir);
  const engine = await loadEngine(found.dir, { dtype, ...(threads > 0 && { threads }) });
  return { ...found, engine, tokenizer };
}

async function locateModel(
  path: string,
  warn: (message: string) => void,
): Promise<Pick<NamedModel, 'dir' | 'config' | 'step'>> {
  if (await exists(join(path, 'config.json'))) return { dir: path, config: undefined, step: 0 };
  if (!(await exists(join(path, 'run.json')))) {
    throw new GlossaError('MODEL_NOT_FOUND', `${path}: neither a model (config.json) nor a run (run.json)`, {
      hint: 'name a Hugging Face folder, the folder of a run, or one of its checkpoints',
    });
  }
  const { config } = await readRecord(path);
  const checkpoint = await latestCheckpoint(runFolder(path), warn);
  if (!checkpoint)
    throw new GlossaError('MODEL_NOT_FOUND', `${path}: the run has no checkpoint yet`, {
      hint: `glossa train --resume ${path} goes on with it`,
    });
  return { dir: checkpoint.dir, config: config as ResolvedConfig, step: checkpoint.state.step };
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
