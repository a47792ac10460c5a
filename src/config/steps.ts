import type { Config } from './schema.js';

/** Optimizer steps of a run; of supervised fine-tuning by epochs undefined until its examples are counted. */
export function optimizerSteps({ sft, grpo }: Pick<Config, 'sft' | 'grpo'>): number | undefined {
  return sft ? sft.max_steps : grpo.max_steps;
}

/** Steps of the warm-up; a share of the run is rounded up, as Transformers does. */
export function warmupSteps(
  { warmup_steps: steps, warmup_ratio: ratio }: Pick<Config['optimizer'], 'warmup_steps' | 'warmup_ratio'>,
  maxSteps: number,
): number {
  return steps > 0 ? steps : Math.ceil(ratio * maxSteps);
}
