import type { Config } from './schema.js';

/** Optimizer steps of a run; of supervised fine-tuning by epochs undefined until its examples are counted. */
export function optimizerSteps({ sft, grpo }: Pick<Config, 'sft' | 'grpo'>): number | undefined {
  return sft ? sft.max_steps : grpo.max_steps;
}
