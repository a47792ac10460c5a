import { rowIds } from '../base/ragged.js';
import type { Ragged, RolloutColumns } from '../engine/types.js';
import { beforeStop } from '../reward/index.js';
import type { Tokenizer } from '../tokenizer/types.js';

/** Tokens that hold a whole stop text: whichever comes is the last. A text of several tokens is found when a completion is read. */
export async function stopTokens(tokenizer: Tokenizer, stop: readonly string[]): Promise<number[]> {
  if (stop.length === 0) return [];
  const ids = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);
  const texts = await Promise.all(ids.map((id) => tokenizer.decode([id])));
  return ids.filter((id) => beforeStop(texts[id]!, stop) !== undefined);
}

/**
 * Completions up to the token that completes a stop text, with what belongs to their tokens. `cut` are the rows that have one; a row
 * that is cut has ended by itself.
 */
export async function cutColumns(
  columns: RolloutColumns,
  cut: readonly number[],
  { tokenizer, stop }: { tokenizer: Tokenizer; stop: readonly string[] },
): Promise<RolloutColumns> {
  if (cut.length === 0) return columns;
  const lengths = Array.from({ length: columns.rows }, (_, row) => rowIds(columns.completions, row).length);
  for (const row of cut) lengths[row] = await tokensToStop(rowIds(columns.completions, row), tokenizer, stop);
  const { offsets } = columns.completions;
  const kept = Int32Array.from([0, ...lengths]);
  for (let i = 1; i < kept.length; i++) kept[i]! += kept[i - 1]!;
  const shortened = <T extends Int32Array | Float32Array>(values: T, joined: T): T => {
    lengths.forEach((length, row) => {
      joined.set(values.subarray(offsets[row], offsets[row]! + length), kept[row]);
    });
    return joined;
  };
  const total = kept.at(-1)!;
  const completions: Ragged = { ids: shortened(columns.completions.ids, new Int32Array(total)), offsets: kept };
  const finish = columns.finish.slice();
  for (const row of cut) finish[row] = 0;
  return {
    ...columns,
    completions,
    logps: shortened(columns.logps, new Float32Array(total)),
    entropies: shortened(columns.entropies, new Float32Array(total)),
    finish,
  };
}

/** The fewest tokens whose text holds a stop text. */
async function tokensToStop(ids: Int32Array, tokenizer: Tokenizer, stop: readonly string[]): Promise<number> {
  let [low, high] = [1, ids.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (beforeStop(await tokenizer.decode(ids.subarray(0, middle)), stop) === undefined) low = middle + 1;
    else high = middle;
  }
  return high;
}
