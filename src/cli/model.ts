import { resolve } from 'node:path';
import { defined } from '../base/defined.js';
import { GlossaError } from '../base/error.js';
import { readTextIfThere } from '../base/read_file.js';
import { createEngine, loadEngine } from '../engine/index.js';
import type { Dtype, Engine } from '../engine/types.js';
import { resolveModel } from '../hub/index.js';
import { fitTogether, locateModel, type LocatedModel } from '../inputs/index.js';
import { hasTokenizer, loadTokenizer } from '../tokenizer/index.js';
import type { Tokenizer } from '../tokenizer/types.js';

/** A model that a command has open. */
export interface NamedModel extends LocatedModel {
  engine: Engine;
  tokenizer: Tokenizer;
}

/** Which model a command means: a folder, run or name of the hub, or random weights for a config. */
export interface ModelSource {
  model?: string | undefined;
  /** Of a run: that checkpoint instead of the newest. */
  step?: number | undefined;
  /** A Hugging Face config.json. */
  randomInit?: string | undefined;
  /** Folder of another tokenizer than the model's own; of a model with random weights the only one. */
  tokenizer?: string | undefined;
  /** Of random weights. */
  seed: number;
}

/** How a command computes: `threads` 0 is all cores, and no `device` the CPU. */
export interface EngineChoice {
  dtype: Dtype;
  threads: number;
  device?: string | undefined;
}

type Warn = (message: string) => void;

/**
 * Opens a Hugging Face folder, the checkpoint that a run stands for, a model of the hub that is in its cache, or a model with random
 * weights.
 *
 * @throws GlossaError MODEL_NOT_FOUND where there is none; MODEL_VOCABULARY; USAGE; those of engine and tokenizer.
 */
export async function openNamed(source: ModelSource, options: EngineChoice, warn: Warn): Promise<NamedModel> {
  const found = await locateSource(source, warn);
  if (found.tokenizerDir === undefined) {
    throw new GlossaError('USAGE', '--random-init needs --tokenizer with the folder of a tokenizer', {
      hint: 'for example --tokenizer models/Qwen2.5-0.5B',
    });
  }
  const tokenizer = await loadTokenizer(found.tokenizerDir, { warn });
  return { ...found, ...(await openEngine(found, tokenizer, options, warn)) };
}

/** As {@link openNamed}, for work on ids: a folder without a tokenizer will do. */
export async function openForIds(
  source: ModelSource,
  options: EngineChoice,
  warn: Warn,
): Promise<Omit<NamedModel, 'tokenizer'> & { tokenizer: Tokenizer | undefined }> {
  const found = await locateSource(source, warn);
  const given = source.tokenizer !== undefined;
  const readable = found.tokenizerDir !== undefined && (given || hasTokenizer(found.tokenizerDir));
  const tokenizer = readable ? await loadTokenizer(found.tokenizerDir!, { warn }) : undefined;
  return { ...found, ...(await openEngine(found, tokenizer, options, warn)) };
}

type Found = LocatedModel & {
  tokenizerDir: string | undefined;
  /** Random weights for the config.json of this text. */
  random: { config: string; seed: bigint } | undefined;
};

async function locateSource({ model, step, randomInit, tokenizer, seed }: ModelSource, warn: Warn): Promise<Found> {
  const tokenizerDir = tokenizer === undefined ? undefined : await resolveModel(tokenizer);
  if (model !== undefined && randomInit === undefined) {
    const found = await locateModel(model, warn, step);
    // An adapter of others often comes without one.
    const own = found.base === undefined || hasTokenizer(found.dir) ? found.dir : found.base;
    return { ...found, tokenizerDir: tokenizerDir ?? own, random: undefined };
  }
  if (model !== undefined || randomInit === undefined)
    throw new GlossaError('USAGE', 'name a model, or a config.json with --random-init, and not both', {
      hint: 'for example --model runs/my',
    });
  const path = resolve(randomInit);
  const config = await readTextIfThere(path);
  if (config === undefined)
    throw new GlossaError('MODEL_NOT_FOUND', `--random-init: there is no file ${path}`, {
      hint: 'name a Hugging Face config.json',
    });
  return {
    dir: path,
    config: undefined,
    languages: [],
    step: 0,
    run: undefined,
    tokenizerDir,
    random: { config, seed: BigInt(seed) },
  };
}

async function openEngine<T extends Tokenizer | undefined>(
  { dir, random, tokenizerDir, base }: Found,
  tokenizer: T,
  { dtype, threads, device }: EngineChoice,
  warn: Warn,
): Promise<{ engine: Engine; tokenizer: T | Tokenizer }> {
  const options = { dtype, frozen: true, ...(threads > 0 && { threads }), ...defined({ device, base }) };
  const engine = random ? await createEngine(random.config, random.seed, options) : await loadEngine(dir, options);
  return fitTogether(engine, tokenizer, { dir: tokenizerDir, place: dir, warn });
}
