import { toRagged } from '../base/ragged.js';
import type { SequenceBatch } from '../engine/types.js';
import type { Example } from './example.js';

/** Examples as the engine takes them; it packs them end to end, so that none is padded. */
export function batchOf(examples: readonly Example[]): SequenceBatch & { completionMask?: Uint8Array } {
  const prompts = toRagged(examples.map(({ promptIds }) => promptIds));
  const completions = toRagged(examples.map(({ completionIds }) => completionIds));
  if (examples.every(({ completionMask }) => completionMask === undefined)) return { prompts, completions };
  const completionMask = new Uint8Array(completions.ids.length).fill(1);
  examples.forEach(({ completionMask: own }, row) => {
    if (own) completionMask.set(own, completions.offsets[row]);
  });
  return { prompts, completions, completionMask };
}

/** Prompt and completion tokens. */
export function tokensOf(examples: readonly Example[]): number {
  return examples.reduce((sum, { promptIds, completionIds }) => sum + promptIds.length + completionIds.length, 0);
}
