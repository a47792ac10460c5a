import type { RecordBatch } from 'apache-arrow';
import { columnValues } from './values.js';

/** Rows put into text at a time. */
const ROWS_AT_ONCE = 256;

/** The columns of {@link parquetFile} as JSON, one object a row; a number that JSON does not have (-Infinity) is null. */
export async function* jsonLinesFile(
  batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
): AsyncGenerator<string> {
  for await (const batch of batches) {
    const names = batch.schema.fields.map(({ name }) => name);
    for (let start = 0; start < batch.numRows; start += ROWS_AT_ONCE) {
      const end = Math.min(batch.numRows, start + ROWS_AT_ONCE);
      const columns = names.map((_, column) => columnValues(batch, column, start, end));
      const rows = Array.from({ length: end - start }, (_, row) =>
        Object.fromEntries(names.map((name, column) => [name, columns[column]![row]])),
      );
      yield rows.map((row) => `${JSON.stringify(row)}\n`).join('');
    }
  }
}
