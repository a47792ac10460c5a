import { GlossaError } from '../base/error.js';
import { openRows, rowPlace } from '../data/index.js';
import { readSequence, ROW_FIELDS, type RowContext } from './row.js';
import type { Sequence } from './types.js';

/**
 * The sequences of a .jsonl, .jsonl.gz or .parquet file, streamed.
 *
 * @throws GlossaError DATA_BAD_ROW naming file and line; those of openRows.
 */
export async function* readSequences(path: string, context: RowContext): AsyncGenerator<Sequence> {
  for await (const row of openRows(path, ROW_FIELDS)) {
    const read = 'value' in row ? await readSequence(row.value, context) : row;
    if ('reason' in read) {
      throw new GlossaError('DATA_BAD_ROW', `${rowPlace(path, row)}: ${read.reason}`, {
        hint: 'docs/prompts.md lists the kinds of rows that logprobs reads',
      });
    }
    yield { line: row.line, ...read };
  }
}

/** Reads a whole file and keeps nothing of it: a bad row is known before anything is computed. @throws as {@link readSequences}. */
export async function measureFile(path: string, context: RowContext): Promise<{ rows: number; tokens: number }> {
  let rows = 0;
  let tokens = 0;
  for await (const { promptIds, completionIds } of readSequences(path, context)) {
    rows++;
    tokens += promptIds.length + completionIds.length;
  }
  if (rows === 0) throw new GlossaError('DATA_EMPTY', `${path} has no rows`);
  return { rows, tokens };
}
