import { GlossaError } from '../base/error.js';
import type { Run } from '../run/index.js';
import { smallerRate } from './breakdown.js';
import { withMemoryAdvice, type Parts } from './parts.js';

/** A failure of step `step` with what to do: where a number was not finite, a GPU failed, or memory ran out. */
export function withAdvice(
  error: unknown,
  step: number,
  { run, parts, savedAt }: { run: Run; parts: Parts; savedAt: number },
): unknown {
  if (error instanceof GlossaError && error.code === 'GPU_FAILED')
    return new GlossaError('GPU_FAILED', `step ${String(step)}: ${error.message}`, {
      cause: error,
      hint:
        savedAt > 0
          ? `the state after step ${String(savedAt)} is saved: npx glossa train --resume ${run.dir}`
          : 'nothing was saved yet: the same command begins again',
    });
  if (!isNonfinite(error)) return withMemoryAdvice(error, parts.memory);
  const smaller = smallerRate(parts.config.optimizer.learning_rate);
  const saved = savedAt > 0 ? `the state after step ${String(savedAt)} is saved; ` : '';
  // One that has not taken another's place yet goes, and --resume would go on with that other one.
  const leaves = run.folder.dir !== run.dir;
  return new GlossaError('NONFINITE', `step ${String(step)}: ${error.message}`, {
    cause: error,
    hint: leaves
      ? `the run that was to be overwritten is still there; begin again with smaller steps: the same command with ${smaller}`
      : `${saved}go on with smaller steps, for example: npx glossa train --resume ${run.dir} ${smaller}`,
  });
}

export function isNonfinite(error: unknown): error is GlossaError {
  return error instanceof GlossaError && error.code === 'NONFINITE';
}
