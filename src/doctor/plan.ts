import { dirname, join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { availableMemory } from '../base/memory.js';
import { loadConfig, suiteSettings, type DataSource, type ResolvedConfig } from '../config/index.js';
import type { MemoryPlan } from '../engine/types.js';
import { resolveData, resolveModel } from '../hub/index.js';
import { hasTokenizer, loadTokenizer } from '../tokenizer/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import {
  gpuAdvice,
  labSettings,
  loadSource,
  loadSuite,
  planOf,
  longestForm,
  promptSizes,
  readConfigJson,
  tellLabProblems,
  type PromptSizes,
} from '../inputs/index.js';
import { longestExample } from '../sft/index.js';

export interface PlanSettings {
  /** Folder, config.json, or a model of the hub that is in the cache. */
  model: string;
  /** Of the run. */
  config: string;
  set?: readonly string[];
  /** Longest prompt in tokens, where data or tokenizer are not there. */
  promptTokens?: number;
  /** Bytes of a GPU that is planned for and need not be here; only with device cuda. */
  gpuMemory?: number;
}

export interface RunPlan extends MemoryPlan {
  /** Node with this program, the tokenizer and the data in it, as they are now, and what a run adds to that. */
  node: number;
  /** Of the host: the engine, or what of it is not in a GPU's memory, and Node. */
  peak: number;
  /** Where a GPU has not enough: settings with which it would. */
  advice?: string;
  /** What this process may still take; undefined where the system does not tell. */
  available: number | undefined;
  /** Longest training prompt, or example of supervised fine-tuning, in tokens. */
  promptTokens: number;
  supervised: boolean;
  /** Where that is from: the data were read, or it was given or assumed. */
  promptTokensFrom: 'data' | 'given' | 'assumed';
}

const ASSUMED_PROMPT = 256;
/**
 * What a run's process outside the engine comes to, of what it is once tokenizer and data are read: grading threads and the
 * texts of a step. Measured: 1.0 to 1.2 with the tokenizer of a lab model, 1.6 with that of Qwen2.5. Reward modules run in
 * processes of their own and are not in it.
 */
const WORKING_NODE = 1.5;

/** The memory that training this model with this config would take at its peak, without taking it. */
export async function plan(settings: PlanSettings): Promise<RunPlan> {
  const isFile = settings.model.endsWith('.json');
  const dir = isFile ? undefined : await resolveModel(settings.model);
  const config = await loadConfig(settings.config, {
    sets: settings.set ?? [],
    modelWhereNone: dir ?? dirname(settings.model),
  });
  const configJson = await readConfigJson(dir === undefined ? resolve(settings.model) : join(dir, 'config.json'));
  const tokenizerDir = [dir, config.model.init?.tokenizer, config.model.path].find(
    (place) => place !== undefined && hasTokenizer(place),
  );
  const { promptTokens, gpuMemory } = settings;
  if (gpuMemory !== undefined && !config.device.startsWith('cuda'))
    throw new GlossaError('USAGE', `--device-memory is a GPU's, and the config's device is ${config.device}`, {
      hint: 'add --set device=cuda',
    });
  try {
    return await planConfig(config, { configJson, tokenizerDir, promptTokens, gpuMemory });
  } catch (error) {
    if (!(error instanceof GlossaError) || !NO_GPU.includes(error.code)) throw error;
    throw new GlossaError(error.code, error.message, {
      cause: error,
      hint: 'a card that is not here can be planned for: --device-memory H200, or its memory, such as 80GB',
    });
  }
}

const NO_GPU: readonly string[] = ['DEVICE_NOT_BUILT', 'GPU_NOT_FOUND', 'GPU_DRIVER_TOO_OLD', 'GPU_TOO_OLD'];

/** As {@link plan}, of a config that is read already, and of a model by the text of its config.json and its tokenizer's folder. */
export async function planConfig(
  config: ResolvedConfig,
  model: {
    configJson: string;
    tokenizerDir: string | undefined;
    promptTokens?: number | undefined;
    gpuMemory?: number | undefined;
  },
): Promise<RunPlan> {
  const { configJson, tokenizerDir, promptTokens, gpuMemory } = model;
  const available = await availableMemory();
  const tokenizer = tokenizerDir === undefined ? undefined : await loadTokenizer(tokenizerDir);
  const read =
    tokenizer && promptTokens === undefined ? await readSizes(config, tokenizer, contextOf(configJson)) : undefined;
  const assumed = promptTokens ?? ASSUMED_PROMPT;
  const sizes = read ?? {
    train: assumed,
    example: assumed,
    suites: config.data.eval.map((source) => ({
      ...{ longest: assumed, problems: source.limit ?? 1000 },
      ...suiteSettings(config, source),
    })),
  };
  const engine = planOf(configJson, config, sizes, gpuMemory);
  const { room } = engine;
  const replan = (changed: ResolvedConfig) => planOf(configJson, changed, sizes, room?.total);
  const node = process.memoryUsage().rss * WORKING_NODE;
  return {
    ...engine,
    node,
    peak: (room ? engine.host : engine.total) + node,
    ...(room && engine.total > room.free && { advice: gpuAdvice({ plan: engine, config, replan }, room.free) }),
    available,
    supervised: config.sft !== undefined,
    promptTokens: config.sft && sizes.example !== undefined ? sizes.example : sizes.train,
    promptTokensFrom: read ? 'data' : promptTokens === undefined ? 'assumed' : 'given',
  };
}

/** What examples must fit into; no limit where config.json names none. */
function contextOf(configJson: string): number {
  const { max_position_embeddings: most } = JSON.parse(configJson) as { max_position_embeddings?: unknown };
  return typeof most === 'number' ? most : Infinity;
}

async function readSizes(config: ResolvedConfig, tokenizer: Tokenizer, context: number): Promise<PromptSizes> {
  const { data, prompt, model, seed } = config;
  const told = (source: DataSource) => tellLabProblems(labSettings(model.lab!, seed), source.lab!, source.limit);
  const located = async (source: DataSource) => ({ ...source, path: await resolveData(source.path!) });
  const { sft } = config;
  // Examples are read otherwise than problems.
  const train = await Promise.all(
    (sft ? [] : data.train).map(async (source) =>
      source.lab ? told(source) : (await loadSource(await located(source), undefined)).problems,
    ),
  );
  const suites = await Promise.all(
    data.eval.map(async (source) =>
      source.lab
        ? { problems: told(source), settings: suiteSettings(config, source), prompt }
        : loadSuite(config, { ...source, ...(await located(source)) }, undefined),
    ),
  );
  const sizes = await promptSizes({ train, suites }, tokenizer, longestForm(config));
  return sft ? { ...sizes, example: await longestExample({ ...config, sft }, tokenizer, context) } : sizes;
}
