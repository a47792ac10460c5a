import { join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { readTextIfThere } from '../base/read_file.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Language } from '../language/types.js';
import { createEngine, loadEngine } from '../engine/index.js';
import type { Dtype, Engine } from '../engine/types.js';
import { resolveModel } from '../hub/index.js';
import { readRecord } from '../run/index.js';
import { fitToModel, hasTokenizer, loadTokenizer } from '../tokenizer/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { recordedConfig, runAsModel } from '../trainer/index.js';

export interface NamedModel {
  dir: string;
  engine: Engine;
  tokenizer: Tokenizer;
  /** How a run rendered its prompts and how long it let completions be; of a plain folder undefined. */
  config: ResolvedConfig | undefined;
  /** Languages that a run was trained in; none of a plain folder. */
  languages: readonly Language[];
  /** Optimizer steps of the run's checkpoint; 0 of a plain folder. */
  step: number;
  /** Folder of the run; of a plain folder undefined. */
  run: string | undefined;
}

/** Which model a command means: a folder, run or name of the hub, or random weights for a config. */
export interface ModelSource {
  model?: string | undefined;
  /** A Hugging Face config.json. */
  randomInit?: string | undefined;
  /** Folder of another tokenizer than the model's own; of a model with random weights the only one. */
  tokenizer?: string | undefined;
  /** Of random weights. */
  seed: number;
}

type Warn = (message: string) => void;

/**
 * Opens a Hugging Face folder, the newest checkpoint of a run, a model of the hub that is in its cache, or a model with random
 * weights.
 *
 * @throws GlossaError MODEL_NOT_FOUND where there is none; MODEL_VOCABULARY; USAGE; those of engine and tokenizer.
 */
export async function openNamed(
  source: ModelSource,
  options: { dtype: Dtype; threads: number },
  warn: Warn,
): Promise<NamedModel> {
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
  options: { dtype: Dtype; threads: number },
  warn: Warn,
): Promise<Omit<NamedModel, 'tokenizer'> & { tokenizer: Tokenizer | undefined }> {
  const found = await locateSource(source, warn);
  const given = source.tokenizer !== undefined;
  const readable = found.tokenizerDir !== undefined && (given || hasTokenizer(found.tokenizerDir));
  const tokenizer = readable ? await loadTokenizer(found.tokenizerDir!, { warn }) : undefined;
  return { ...found, ...(await openEngine(found, tokenizer, options, warn)) };
}

type Found = Located & {
  tokenizerDir: string | undefined;
  /** Random weights for the config.json of this text. */
  random: { config: string; seed: bigint } | undefined;
};

async function locateSource({ model, randomInit, tokenizer, seed }: ModelSource, warn: Warn): Promise<Found> {
  const tokenizerDir = tokenizer === undefined ? undefined : await resolveModel(tokenizer);
  if (model !== undefined && randomInit === undefined) {
    const found = await locateModel(model, warn);
    return { ...found, tokenizerDir: tokenizerDir ?? found.dir, random: undefined };
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
  { dir, random, tokenizerDir }: Found,
  given: T,
  { dtype, threads }: { dtype: Dtype; threads: number },
  warn: Warn,
): Promise<{ engine: Engine; tokenizer: T | Tokenizer }> {
  const options = { dtype, frozen: true, ...(threads > 0 && { threads }) };
  const engine = random ? await createEngine(random.config, random.seed, options) : await loadEngine(dir, options);
  try {
    const { vocab, warnings } = engine.info();
    warnings.forEach(warn);
    if (given === undefined) return { engine, tokenizer: given };
    const fitted = fitToModel(given, tokenizerDir!, { vocab, place: dir });
    fitted.warnings.forEach(warn);
    return { engine, tokenizer: fitted.tokenizer };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

export type Located = Pick<NamedModel, 'dir' | 'config' | 'languages' | 'step' | 'run'>;

/**
 * The folder of a model: a Hugging Face folder, the newest checkpoint of a run, or what the hub's cache has of a name.
 *
 * @throws GlossaError MODEL_NOT_FOUND
 */
export async function locateModel(given: string, warn: (message: string) => void): Promise<Located> {
  const path = await resolveModel(given);
  if (await exists(join(path, 'config.json')))
    return { dir: path, config: undefined, languages: [], step: 0, run: undefined };
  if (!(await exists(join(path, 'run.json')))) {
    throw new GlossaError('MODEL_NOT_FOUND', `${path}: neither a model (config.json) nor a run (run.json)`, {
      hint: 'name a Hugging Face folder, the folder of a run, or one of its checkpoints',
    });
  }
  const record = await readRecord(path, warn);
  const config = recordedConfig(record, path);
  const checkpoint = await runAsModel(path, warn);
  const languages = record.languages ?? statedLanguages(config);
  return { dir: checkpoint.dir, config, languages, step: checkpoint.state.step, run: path };
}

/** Training languages as far as the config says them. */
function statedLanguages({ data }: ResolvedConfig): Language[] {
  const stated = data.train.map(({ lab, language }) => lab?.language ?? language);
  return [...new Set(stated.filter((language) => language !== undefined))];
}
