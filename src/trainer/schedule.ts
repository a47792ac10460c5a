import type { Config } from '../config/index.js';

/**
 * Learning rate of the optimizer step after `done` ones, as Hugging Face's schedulers have it: from 0 up over
 * `warmup_steps`, then constant, or down to 0 at `max_steps` along a line or half a cosine.
 */
export function learningRate(done: number, optimizer: Config['optimizer'], maxSteps: number): number {
  const { learning_rate: peak, lr_scheduler_type: type, warmup_steps: warmup } = optimizer;
  if (done < warmup) return (peak * done) / warmup;
  if (type === 'constant') return peak;
  const progress = (done - warmup) / Math.max(1, maxSteps - warmup);
  if (type === 'linear') return peak * Math.max(0, 1 - progress);
  return peak * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** Whether something that happens every `every` steps falls into the steps (before, now]; 0 is never. */
export function isDue(every: number, before: number, now: number): boolean {
  return every > 0 && Math.floor(now / every) > Math.floor(before / every);
}
