import { tellSpan } from '../base/timeline.js';
import type { StepMetrics } from '../engine/types.js';

/** The track of what follows each other in a run. */
export const TRAINER = 'trainer';

/** Tells of prompts that were sampled and graded: when that began, when all were sampled, and when all were graded. */
export function tellSampled(
  [began, sampled, graded]: readonly [number, number, number],
  { step, tokens }: { step: number; tokens: number },
): void {
  tellSpan({ track: TRAINER, name: 'generate', begin: began, end: sampled, args: { step, tokens } });
  tellSpan({ track: TRAINER, name: 'grade', begin: sampled, end: graded, args: { step } });
}

/** Tells of what follows grading: the levers, the reference's log-probabilities, and the advantages. */
export function tellCollected(
  [began, steered, compared, ended]: readonly [number, number, number, number],
  step: number,
): void {
  tellSpan({ track: TRAINER, name: 'levers', begin: began, end: steered, args: { step } });
  tellSpan({ track: TRAINER, name: 'reference', begin: steered, end: compared, args: { step } });
  tellSpan({ track: TRAINER, name: 'advantages', begin: compared, end: ended, args: { step } });
}

/**
 * Tells of an update that ends now, and within it of forward, backward and optimizer: the sums over its micro-batches, laid one
 * after the other.
 */
export function tellUpdate(began: number, metrics: StepMetrics, step: number): void {
  const { forwardSeconds, backwardSeconds, optimizerSeconds, tokens, microBatches } = metrics;
  const ended = performance.now();
  tellSpan({
    track: TRAINER,
    name: 'train',
    begin: began,
    end: ended,
    args: { step, tokens, micro_batches: microBatches },
  });
  let begin = began;
  for (const [name, seconds] of [
    ['forward', forwardSeconds],
    ['backward', backwardSeconds],
    ['optimizer', optimizerSeconds],
  ] as const) {
    const end = Math.min(ended, begin + seconds * 1e3);
    tellSpan({ track: TRAINER, name, begin, end, args: { step } });
    begin = end;
  }
}
