import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { defined } from '../base/defined.js';
import { exists } from '../base/exists.js';
import { readTextIfThere } from '../base/read_file.js';
import type { ModelSettings, ResolvedConfig } from '../config/index.js';
import { createEngine, loadEngine } from '../engine/index.js';
import type { Engine, EngineOptions } from '../engine/types.js';
import { requireFolder } from '../hub/index.js';
import { pretrainLab, type LabSettings, type PretrainProgress } from '../lab/index.js';
import { fitToModel, loadTokenizer } from '../tokenizer/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { labSettings } from './lab_settings.js';

export interface OpenModel {
  engine: Engine;
  tokenizer: Tokenizer;
  tokenizerDir: string;
  /** The text of its config.json. */
  configJson: string;
  /** Folder of the pre-trained lab model, where the config asks for one. */
  labDir: string | undefined;
  /** What of the model's files is not as it could be, and does not stop the work. */
  warnings: string[];
}

export interface OpenOptions {
  signal?: AbortSignal;
  onPretrain?: (progress: PretrainProgress) => void;
  warn?: (message: string) => void;
  /** Recipe of the lab model, where the run was started with one: it wins over what the config would give now. */
  lab?: LabSettings | undefined;
  /** Weights and tokenizer of this folder (a checkpoint) instead of the model's own; its adapters, where these train. */
  from?: string;
  /** What an adapter's configuration is to call the model, where it lies in no folder of its own. */
  baseName?: string;
}

export function engineOptions({
  dtype,
  threads,
  device,
  fast,
  kv_cache_gb,
  recompute,
  model,
  lora,
  seed,
}: Pick<
  ResolvedConfig,
  'dtype' | 'threads' | 'device' | 'fast' | 'kv_cache_gb' | 'recompute' | 'model' | 'lora' | 'seed'
>): EngineOptions {
  return {
    dtype,
    device,
    ...(fast && { fast }),
    ...(recompute !== 'auto' && { recompute }),
    ...(trainsAdapters({ lora, model }) ? adapterOptions({ lora, model, seed }) : { trainable: model.trainable }),
    ...(threads > 0 && { threads }),
    ...(kv_cache_gb > 0 && { kvCacheBytes: Math.ceil(kv_cache_gb * 1e9) }),
  };
}

/** Whether a run trains low-rank adapters, and nothing of the model itself. */
export function trainsAdapters({ lora, model }: Pick<ResolvedConfig, 'lora' | 'model'>): boolean {
  return lora !== undefined || model.adapter !== undefined;
}

function adapterOptions({ lora, model, seed }: Pick<ResolvedConfig, 'lora' | 'model' | 'seed'>): EngineOptions {
  return {
    ...(lora && {
      lora: {
        rank: lora.rank,
        alpha: lora.alpha,
        targets: typeof lora.targets === 'string' ? [lora.targets] : lora.targets,
        useRslora: lora.use_rslora,
        seed: BigInt(seed),
      },
    }),
    ...defined({ adapter: model.adapter }),
  };
}

/** An OUT_OF_MEMORY of a model that is opened, with the settings that take less: its weights alone are too large. */
export function withWeightsAdvice(error: unknown, config: Pick<ResolvedConfig, 'dtype' | 'lora' | 'model'>): unknown {
  if (!(error instanceof GlossaError) || error.code !== 'OUT_OF_MEMORY') return error;
  const less = [
    ...(config.dtype === 'float32' ? ['dtype: bfloat16'] : []),
    ...(trainsAdapters(config) ? [] : ['lora, which keeps no float32 weights']),
    'a smaller model',
  ];
  return new GlossaError('OUT_OF_MEMORY', error.message, {
    cause: error,
    hint: `the weights alone are too large; less take: ${less.join('; ')} (npx glossa doctor --plan lists all that a run takes)`,
  });
}

/** Opens the model of a config: a folder, a lab model (pre-trained now or taken from the cache), or random weights. */
export async function openModel(config: ResolvedConfig, options: OpenOptions = {}): Promise<OpenModel> {
  try {
    return await open(config, options);
  } catch (error) {
    throw withWeightsAdvice(error, config);
  }
}

async function open(config: ResolvedConfig, options: OpenOptions): Promise<OpenModel> {
  const { model } = config;
  const labDir = model.lab && (await openLab(model, config, options));
  const adapted = trainsAdapters(config);
  // The weights of a run that trains adapters are those of its start; a checkpoint has the adapters alone.
  const from = adapted ? undefined : options.from;
  const engineSettings = {
    ...engineOptions(config),
    ...(adapted && defined({ adapter: options.from ?? model.adapter, baseName: options.baseName })),
  };
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  if (from !== undefined || !model.init) {
    const dir = from ?? model.path ?? labDir!;
    await requireFolder(dir);
    await refuseAdapter(dir);
    const tokenizer = await loadTokenizer(dir, defined({ warn: options.warn }));
    const fitted = await fitTogether(await loadEngine(dir, engineSettings), tokenizer, { dir, place: dir, warn });
    return {
      ...fitted,
      warnings,
      tokenizerDir: dir,
      configJson: await readConfigJson(join(dir, 'config.json')),
      labDir,
    };
  }
  const tokenizerDir = model.init.tokenizer;
  await requireFolder(tokenizerDir);
  const tokenizer = await loadTokenizer(tokenizerDir, defined({ warn: options.warn }));
  const configJson = await modelConfig(model.init.config);
  const fresh = await createEngine(configJson, BigInt(config.seed), engineSettings);
  const fitted = await fitTogether(fresh, tokenizer, { dir: tokenizerDir, place: 'model.init.config', warn });
  return { ...fitted, warnings, tokenizerDir, configJson, labDir };
}

/**
 * Tokenizer and engine together; the engine's warnings are told first. Without a tokenizer there is nothing to fit.
 *
 * @throws GlossaError MODEL_VOCABULARY where ids of the tokenizer are not in the engine's embedding; the engine is closed then.
 */
export async function fitTogether<T extends Tokenizer | undefined>(
  engine: Engine,
  given: T,
  { dir, place, warn }: { dir: string | undefined; place: string; warn: (message: string) => void },
): Promise<{ engine: Engine; tokenizer: T | Tokenizer }> {
  try {
    const { vocab, warnings: passed } = engine.info();
    passed.forEach(warn);
    if (given === undefined) return { engine, tokenizer: given };
    const { tokenizer, warnings } = fitToModel(given, dir!, { vocab, place });
    warnings.forEach(warn);
    return { engine, tokenizer };
  } catch (error) {
    await engine.dispose();
    throw error;
  }
}

/** @throws GlossaError MODEL_ADAPTER where the folder holds an adapter, which is trained on only beside its base. */
async function refuseAdapter(dir: string): Promise<void> {
  if (!(await exists(join(dir, 'adapter_config.json')))) return;
  throw new GlossaError('MODEL_ADAPTER', `${dir}: an adapter, not a model`, {
    hint: 'name the model that it was made for as model.path and this folder as model.adapter, or merge the two first: npx glossa export',
  });
}

async function openLab(
  model: ModelSettings,
  config: ResolvedConfig,
  { signal, onPretrain, lab, warn }: OpenOptions,
): Promise<string> {
  const { dir } = await pretrainLab(lab ?? labSettings(model.lab!, config.seed), {
    cacheDir: model.cache,
    ...(config.threads > 0 && { threads: config.threads }),
    ...(signal && { signal }),
    ...(onPretrain && { onProgress: onPretrain }),
    ...(warn && { onDamage: warn }),
  });
  return dir;
}

/** The text of the model.init.config of a config: the object itself, or a file. */
async function modelConfig(given: string | Record<string, unknown>): Promise<string> {
  return typeof given === 'string' ? readConfigJson(given) : JSON.stringify(given);
}

export async function readConfigJson(path: string): Promise<string> {
  const text = await readTextIfThere(path);
  if (text !== undefined) return text;
  throw new GlossaError('CONFIG_NOT_FOUND', `the model has no ${path}`, {
    hint: 'name a config.json, or a folder that has one',
  });
}
