import { mkdir, rename, rm } from 'node:fs/promises';
import type { ResolvedConfig } from '../config/index.js';
import { loadEngine } from '../engine/index.js';
import type { Engine, SequenceBatch } from '../engine/types.js';
import type { Run } from '../run/index.js';
import { engineOptions } from './model.js';

/** The frozen model of the start, for the KL term. */
export interface Reference {
  /** Aligned with `batch.completions.ids`. */
  logps(batch: SequenceBatch): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * The reference of a new run is frozen inside the engine, and its weights are kept in the run's folder; a resumed run
 * computes the same log-probabilities with a second engine on those weights. Undefined where beta is 0.
 */
export async function openReference(
  run: Run,
  config: ResolvedConfig,
  engine: Engine,
  resumed: boolean,
): Promise<Reference | undefined> {
  if (config.grpo.beta === 0) return undefined;
  const settings = { temperature: config.grpo.temperature, microBatchTokens: config.optimizer.micro_batch_tokens };
  const dir = run.folder.reference;
  if (resumed) {
    const second = await loadEngine(dir, { ...engineOptions(config), frozen: true });
    return {
      logps: async (batch) => (await second.logprobs({ ...batch, ...settings })).logps,
      close: () => second.dispose(),
    };
  }
  await keepWeights(engine, dir);
  await engine.setReference();
  return {
    logps: async (batch) => (await engine.logprobs({ ...batch, ...settings, reference: true })).logps,
    close: () => Promise.resolve(),
  };
}

async function keepWeights(engine: Engine, dir: string): Promise<void> {
  const temporary = `${dir}.tmp`;
  await rm(temporary, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await engine.saveWeights(temporary, 'float32');
  await rename(temporary, dir);
}
