import type { ResolvedConfig } from '../config/index.js';
import { promptOrder } from '../data/index.js';
import type { DataSet, Problem } from '../data/types.js';

/**
 * The training problems of a config, one after the other without end.
 *
 * @throws GlossaError those of promptOrder.
 */
export function trainingOrder(
  { seed, grpo, data }: Pick<ResolvedConfig, 'seed' | 'grpo' | 'data'>,
  train: readonly DataSet[],
): (index: number) => Problem {
  const pace = {
    prompts: grpo.prompts_per_step,
    parts: grpo.steps_per_generation,
    steps: grpo.steps_per_generation * grpo.num_iterations,
    maxSteps: grpo.max_steps,
  };
  return promptOrder(train, BigInt(seed), pace, data.parallel);
}
