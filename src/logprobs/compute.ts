import { rowLength, sliceTokens, toRagged } from '../base/ragged.js';
import type { Engine } from '../engine/types.js';
import type { ScoredSequence, Sequence } from './types.js';

/** Ids and rows of one call of the engine: what is in memory at a time. Changes no result. */
const BATCH_TOKENS = 1 << 15;
const BATCH_ROWS = 1 << 10;

export interface LogprobSettings {
  /** Above 0; the sampler's own temperature gives the sampler's own log-probabilities. */
  temperature: number;
  signal?: AbortSignal;
  onProgress?: (done: { rows: number; tokens: number }) => void;
}

/** The log-probabilities of sequences in their order, a batch at a time. */
export async function* scoreSequences(
  engine: Engine,
  sequences: AsyncIterable<Sequence>,
  { temperature, signal, onProgress }: LogprobSettings,
): AsyncGenerator<ScoredSequence[]> {
  const done = { rows: 0, tokens: 0 };
  for await (const batch of batches(sequences)) {
    const completions = toRagged(batch.map(({ completionIds }) => completionIds));
    const request = { prompts: toRagged(batch.map(({ promptIds }) => promptIds)), completions, temperature };
    const { logps, entropies } = await engine.logprobs(request, signal ? { signal } : {});
    yield batch.map((sequence, row) => ({
      ...sequence,
      logps: sliceTokens(logps, completions, row, row + 1),
      entropies: sliceTokens(entropies, completions, row, row + 1),
    }));
    done.rows += batch.length;
    done.tokens += batch.reduce((sum, each, row) => sum + each.promptIds.length + rowLength(completions, row), 0);
    onProgress?.(done);
  }
}

async function* batches(sequences: AsyncIterable<Sequence>): AsyncGenerator<Sequence[]> {
  let batch: Sequence[] = [];
  let tokens = 0;
  for await (const sequence of sequences) {
    const length = sequence.promptIds.length + sequence.completionIds.length;
    if (batch.length > 0 && (tokens + length > BATCH_TOKENS || batch.length === BATCH_ROWS)) {
      yield batch;
      batch = [];
      tokens = 0;
    }
    batch.push(sequence);
    tokens += length;
  }
  if (batch.length > 0) yield batch;
}
