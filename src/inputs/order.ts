import type { ResolvedConfig } from '../config/index.js';
import { promptOrder } from '../data/index.js';
import type { DataSet, Problem } from '../data/types.js';

/**
 * The training problems of a config, one after the other without end.
 *
 * @throws GlossaError those of promptOrder.
 */
export function trainingOrder(
  { seed, grpo }: Pick<ResolvedConfig, 'seed' | 'grpo'>,
  train: readonly DataSet[],
): (index: number) => Problem {
  return promptOrder(train, BigInt(seed), {
    prompts: grpo.prompts_per_step,
    steps: grpo.steps_per_generation * grpo.num_iterations,
    maxSteps: grpo.max_steps,
  });
}
