import { exactColumns, exactRow } from './exact.js';
import { columnOf } from './field.js';
import { InvalidText } from './invalid_text.js';
import type { Row } from './rows.js';
import { decodeUtf8 } from './utf8.js';

/** Rows read at a time, so that a large file is never held whole. */
const ROWS_AT_ONCE = 4096;

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
  const total = Number(metadata.num_rows);
  for (let start = 0; start < total; start += ROWS_AT_ONCE) {
    const rows = await parquetReadObjects({
      file,
      metadata,
      compressors,
      columns: wanted.length > 0 ? wanted : present,
      rowStart: start,
      rowEnd: Math.min(total, start + ROWS_AT_ONCE),
      parsers: { stringFromBytes: readString, geographyFromBytes: (bytes: Uint8Array) => bytes },
    });
    for (const [i, value] of rows.entries()) yield { line: start + i + 1, value: exactRow(value, kinds) };
  }
}

function readString(bytes: Uint8Array | undefined): string | InvalidText | undefined {
  if (bytes === undefined) return undefined;
  const decoded = decodeUtf8(bytes);
  return 'text' in decoded ? decoded.text : new InvalidText(decoded.invalidAt);
}
