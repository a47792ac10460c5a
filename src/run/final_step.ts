import type { RunRecord } from './record.js';

/** Step of the weights that a finished run ended with, those of final/; of one that has not finished undefined. */
export function finalStep({ status, final, saved, best, config }: RunRecord): number | undefined {
  if (status !== 'finished') return undefined;
  if (final !== undefined) return final;
  // Earlier versions did not note it.
  const { checkpoint } = config as { checkpoint?: { best?: { load_at_end?: boolean } } };
  return checkpoint?.best?.load_at_end ? (best?.step ?? saved) : saved;
}
