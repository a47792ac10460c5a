import type { Engine, JobOptions } from '../engine/types.js';
import { batchOf, tokensOf } from './batch.js';
import type { Example } from './example.js';

/** What a model makes of examples that it does not learn from. */
export interface HeldOutFigures {
  /** Mean a token that has loss, in nats. */
  loss: number;
  /** e^loss. */
  perplexity: number;
  /** Mean entropy a token that has loss, in nats. */
  entropy: number;
  /** Tokens that have loss. */
  tokens: number;
}

/** Ids of one call of the engine: what is in memory at a time. Changes no result. */
const BATCH_TOKENS = 1 << 15;

export async function heldOutLoss(
  engine: Engine,
  examples: readonly Example[],
  job: JobOptions = {},
): Promise<HeldOutFigures> {
  const { onProgress, ...options } = job;
  let loss = 0;
  let entropy = 0;
  let tokens = 0;
  let done = 0;
  for (const part of parts(examples)) {
    const { prompts, completions, completionMask } = batchOf(part);
    const { logps, entropies } = await engine.logprobs({ prompts, completions, temperature: 1 }, options);
    for (let i = 0; i < logps.length; i++) {
      if (completionMask?.[i] === 0) continue;
      loss -= logps[i]!;
      entropy += entropies[i]!;
      tokens++;
    }
    done += part.length;
    onProgress?.({ done, total: examples.length, tokens });
  }
  const mean = loss / tokens;
  return { loss: mean, perplexity: Math.exp(mean), entropy: entropy / tokens, tokens };
}

function* parts(examples: readonly Example[]): Generator<Example[]> {
  let part: Example[] = [];
  let tokens = 0;
  for (const example of examples) {
    const own = tokensOf([example]);
    if (part.length > 0 && tokens + own > BATCH_TOKENS) {
      yield part;
      [part, tokens] = [[], 0];
    }
    part.push(example);
    tokens += own;
  }
  if (part.length > 0) yield part;
}
