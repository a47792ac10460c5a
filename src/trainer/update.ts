import { lossSettings, type ResolvedConfig } from '../config/index.js';
import type { Engine, JobOptions, OptimizerSettings, StepMetrics } from '../engine/types.js';
import type { Collected } from './collect.js';
import { stepBiases } from './law.js';
import { learningRate } from './schedule.js';

/** One optimizer step on rows [start, end) of a generation; `done` optimizer steps were made before it. */
export function update(
  engine: Engine,
  { batch, lossMask, decoding }: Pick<Collected, 'batch' | 'lossMask' | 'decoding'>,
  [start, end]: readonly [number, number],
  { grpo, optimizer }: ResolvedConfig,
  done: number,
  job: JobOptions,
): Promise<StepMetrics> {
  return engine.grpoStep(
    {
      batch: batch.slice(start, end),
      ...stepBiases(decoding, batch, [start, end]),
      ...(lossMask.includes(0) && { lossMask: lossMask.slice(start, end) }),
      loss: lossSettings(grpo),
      temperature: grpo.temperature,
      maxCompletionLength: grpo.max_completion_length,
      ...optimizerSettings(optimizer, done, grpo.max_steps),
    },
    job,
  );
}

/** Of the optimizer step after `done` of `steps`. */
export function optimizerSettings(
  optimizer: ResolvedConfig['optimizer'],
  done: number,
  steps: number,
): OptimizerSettings {
  return {
    learningRate: learningRate(done, optimizer, steps),
    adamBeta1: optimizer.adam_beta1,
    adamBeta2: optimizer.adam_beta2,
    adamEpsilon: optimizer.adam_epsilon,
    weightDecay: optimizer.weight_decay,
    weightDecayOn: optimizer.weight_decay_on,
    maxGradNorm: optimizer.max_grad_norm,
    microBatchTokens: optimizer.micro_batch_tokens,
  };
}
