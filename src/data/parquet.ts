import type { FileMetaData } from 'hyparquet';
import { exactColumns, exactRow } from './exact.js';
import { columnOf } from './field.js';
import { InvalidText } from './invalid_text.js';
import type { Row } from './rows.js';
import { decodeUtf8 } from './utf8.js';

/**
 * Bytes and rows read at a time, so that a large file is never held whole. Each reading decodes its row group from the start, so
 * few rows at a time would take long.
 */
const BYTES_AT_ONCE = 2 ** 26;
const [FEWEST_ROWS, MOST_ROWS] = [4096, 2 ** 18];

/** Rows of a Parquet file (any codec hyparquet knows), numbered from 1. Of `fields`, those that the file lacks are left out; of none, all columns are read. */
export async function* readParquetRows(path: string, fields: readonly string[]): AsyncGenerator<Row> {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] =
    await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const schema = parquetSchema(metadata);
  const kinds = exactColumns(metadata, schema);
  const present = schema.children.map((child) => child.element.name);
  const wanted = [...new Set(fields.flatMap((field) => columnOf(present, field) ?? []))];
  for (const [start, end] of slices(metadata)) {
    const rows = await parquetReadObjects({
      file,
      metadata,
      compressors,
      columns: wanted.length > 0 ? wanted : present,
      rowStart: start,
      rowEnd: end,
      parsers: { stringFromBytes: readString, geographyFromBytes: (bytes: Uint8Array) => bytes },
    });
    for (const [i, value] of rows.entries()) yield { line: start + i + 1, value: exactRow(value, kinds) };
  }
}

/** What is read at a time: rows of one row group. */
function* slices({ row_groups: groups }: FileMetaData): Generator<[start: number, end: number]> {
  let first = 0;
  for (const { num_rows: count, total_byte_size: bytes } of groups) {
    const rows = Number(count);
    const held = Math.floor(BYTES_AT_ONCE / Math.max(1, Number(bytes) / rows));
    const step = Math.min(Math.max(FEWEST_ROWS, held), MOST_ROWS);
    for (let start = 0; start < rows; start += step) yield [first + start, first + Math.min(rows, start + step)];
    first += rows;
  }
}

function readString(bytes: Uint8Array | undefined): string | InvalidText | undefined {
  if (bytes === undefined) return undefined;
  const decoded = decodeUtf8(bytes);
  return 'text' in decoded ? decoded.text : new InvalidText(decoded.invalidAt);
}
