import type { SftSettings } from '../config/index.js';

/** Optimizer steps of a run with so many examples. */
export function supervisedSteps(
  { max_steps: steps, num_train_epochs: epochs, batch_size: size }: SftSettings,
  examples: number,
): number {
  return steps ?? Math.max(1, Math.ceil((epochs * examples) / size));
}
