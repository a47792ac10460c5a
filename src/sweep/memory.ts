import { join } from 'node:path';
import type { ResolvedConfig } from '../config/index.js';
import { planConfig } from '../doctor/index.js';
import { labSettings, locateInputs, readConfigJson } from '../inputs/index.js';
import { recipeHash } from '../lab/index.js';

/** What of a config decides how much memory and time a run of it takes: all but seeds, rates and weights. */
export function shapeOf(config: ResolvedConfig): string {
  const {
    model,
    dtype,
    device,
    fast,
    kv_cache_gb,
    recompute,
    threads,
    data,
    prompt,
    grpo,
    eval: evaluation,
    optimizer,
    sft,
  } = config;
  const { lab, ...rest } = model;
  const shape = lab && { ...lab, seed: undefined };
  const { prompts_per_step, num_generations, max_completion_length, steps_per_generation, num_iterations, beta } = grpo;
  const step = { prompts_per_step, num_generations, max_completion_length, steps_per_generation, num_iterations };
  const held = { samples: evaluation.num_samples, length: evaluation.max_completion_length };
  return JSON.stringify([
    { ...rest, cache: undefined, shape },
    ...[dtype, device, fast, kv_cache_gb, recompute, threads, data, prompt, step, beta !== 0, held],
    optimizer.micro_batch_tokens,
    sft && { ...sft, max_steps: undefined, num_train_epochs: undefined },
  ]);
}

/**
 * Bytes that a run of this config takes at its peak, as `npx glossa doctor --plan` prints them, of the machine's own memory: of
 * a run on a GPU what is not in the GPU's. The laboratory's model must be there.
 *
 * @param atStart Bytes of this process before it computed anything: a run's own begins with as much.
 *
 * @throws GlossaError those of model, data and tokenizer.
 */
export async function peakOf(config: ResolvedConfig, atStart: number): Promise<number> {
  const located = await locateInputs(config, () => undefined);
  const { model, seed } = located;
  const dir = model.path ?? (model.lab && join(model.cache, recipeHash(labSettings(model.lab, seed))));
  const configJson =
    typeof model.init?.config === 'object'
      ? JSON.stringify(model.init.config)
      : await readConfigJson(model.init?.config ?? join(dir!, 'config.json'));
  const before = process.memoryUsage().rss;
  const { node, peak } = await planConfig(located, { configJson, tokenizerDir: model.init?.tokenizer ?? dir });
  const after = process.memoryUsage().rss;
  const own = (node * (atStart + Math.max(0, after - before))) / after;
  return own + peak - node;
}
