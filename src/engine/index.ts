import { GlossaError } from '../base/error.js';
import type { GoldenCase } from './binding.js';
import { AddonEngine, fromNative } from './engine.js';
import { loadBinding, packageVersion } from './load.js';
import type { Engine, EngineOptions, LossRow, MemoryPlan, PlannedRun } from './types.js';

export type * from './types.js';
export { joinedRollouts } from './joined_rollouts.js';
export { rolloutBatch, withColumns, withReference } from './rollout_batch.js';
export { referenceLogps, rolloutColumns } from './rollout_columns.js';
export { ADVANTAGE_FIELD, REFERENCE_FIELD, SAMPLED_FIELDS } from './rollout_schema.js';
export { FINISH } from './types.js';
export type { GoldenCase } from './binding.js';

/**
 * An engine with fresh weights: normal(0, initializer_range), norms 1, biases 0; the same bits for the same seed.
 *
 * @param configJson The text of a Hugging Face `config.json` of a family that is computed here.
 * @param seed 0n to 2n ** 64n - 1n.
 * @throws GlossaError `INVALID_ARGUMENT`, or the native code for what the configuration asks and is not computed.
 */
export function createEngine(configJson: string, seed: bigint, options: EngineOptions = {}): Promise<Engine> {
  return native(async ({ binding }) => new AddonEngine(binding, await binding.createEngine(configJson, seed, options)));
}

/**
 * An engine with the weights of a Hugging Face folder: `config.json` and `model.safetensors`, or shards with their index.
 *
 * @throws GlossaError `CHECKPOINT_*`, naming file and tensor; `CONFIG_INVALID`, `MODEL_UNSUPPORTED`. See docs/checkpoints.md.
 */
export function loadEngine(dir: string, options: EngineOptions = {}): Promise<Engine> {
  return native(async ({ binding }) => new AddonEngine(binding, await binding.loadEngine(dir, options)));
}

/** Runs a folder of reference cases (`model-*`, `loss-*`, `train-*`) and reports the worst error of each. */
export function runGolden(dir: string, options: EngineOptions = {}): Promise<GoldenCase[]> {
  return native(({ binding }) => binding.runGolden(dir, options));
}

export interface NativeInfo {
  version: string;
  /** Instruction sets this processor can run, best last. */
  isas: string[];
  /** What an engine can compute on here: cpu, cuda:0, ... */
  devices: string[];
  /** Of GPUs in words: which there are, or why none can be used. */
  gpu: string;
  /** Cores this process may use: affinity and cgroup quota. */
  cores: number;
  /** The addon's file. */
  path: string;
}

/**
 * Floating-point operations a second that all threads together reach with operands in registers, in this number type:
 * measured now, in about 20 ms. The ceiling that tokens a second are printed beside.
 */
export function measuredPeak(options: EngineOptions = {}): number {
  try {
    return loadBinding().binding.measuredPeak(options);
  } catch (error) {
    throw fromNative(error);
  }
}

/**
 * The memory that a run's engine will need, term by term, before any of it is taken.
 *
 * @throws GlossaError `INVALID_ARGUMENT`, `BUDGET_EXCEEDS_CONTEXT`, or the native code for a model that is not computed.
 */
export function planMemory(configJson: string, run: PlannedRun, options: EngineOptions = {}): MemoryPlan {
  try {
    return loadBinding().binding.planMemory(configJson, run, options);
  } catch (error) {
    throw fromNative(error);
  }
}

/** What was loaded, without making an engine. */
export function nativeInfo(): NativeInfo {
  const { binding, path } = loadBinding();
  const { isas, devices, gpu, cores } = binding.nativeInfo();
  return { version: packageVersion(), isas, devices, gpu, cores, path };
}

/** The losses of a GRPO step. @throws GlossaError NATIVE_NOT_FOUND. */
export function lossTable(): readonly LossRow[] {
  return (losses ??= loadBinding().binding.nativeInfo().losses);
}

let losses: readonly LossRow[] | undefined;

/** The row of a loss that the config's check has let pass. */
export function lossRow(name: string): LossRow {
  const row = lossTable().find((loss) => loss.name === name);
  if (!row) throw new GlossaError('INVALID_ARGUMENT', `no loss is called ${name}`);
  return row;
}

async function native<T>(call: (loaded: ReturnType<typeof loadBinding>) => Promise<T>): Promise<T> {
  try {
    return await call(loadBinding());
  } catch (error) {
    throw fromNative(error);
  }
}
