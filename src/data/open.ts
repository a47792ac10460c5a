import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { nearPath } from '../base/near_path.js';
import { readCsvRows } from './csv.js';
import { readParquetRows } from './parquet.js';
import { readJsonlRows, type Row } from './rows.js';
import { readTsvRows } from './tsv.js';

/**
 * Rows of a .jsonl, .jsonl.gz, .parquet, .csv or .tsv file, in order and streamed; of a Parquet file only `columns`, or all where none are named. A row that cannot be
 * read has a reason in place of a value. Errors: DATA_NOT_FOUND, DATA_FORMAT (another kind of file), DATA_UNREADABLE (no
 * permission, a truncated gzip, a broken Parquet file).
 */
export async function* openRows(path: string, columns: readonly string[]): AsyncGenerator<Row> {
  await checkFile(path);
  try {
    yield* rowsOf(path, columns);
  } catch (cause) {
    if (cause instanceof GlossaError) throw cause;
    throw new GlossaError('DATA_UNREADABLE', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Whether the ending of a file's name is one that {@link openRows} reads. */
export function isDataFile(path: string): boolean {
  return /\.(?:(?:jsonl|ndjson)(?:\.gz)?|parquet|csv|tsv)$/i.test(path);
}

function rowsOf(path: string, columns: readonly string[]): AsyncGenerator<Row> {
  if (/\.(?:jsonl|ndjson)$/i.test(path)) return readJsonlRows(path, false);
  if (/\.(?:jsonl|ndjson)\.gz$/i.test(path)) return readJsonlRows(path, true);
  if (/\.parquet$/i.test(path)) return readParquetRows(path, columns);
  if (/\.csv$/i.test(path)) return readCsvRows(path, createReadStream(path) as AsyncIterable<Buffer>);
  if (/\.tsv$/i.test(path)) return readTsvRows(createReadStream(path) as AsyncIterable<Buffer>);
  throw new GlossaError('DATA_FORMAT', `${path} is of a kind that is not read`, {
    hint: 'Use .jsonl, .jsonl.gz, .parquet, .csv or .tsv.',
  });
}

/** `path:line:column`, or without the column where there is none. */
export function rowPlace(path: string, row: Row): string {
  return `${path}:${row.line}${'column' in row && row.column !== undefined ? `:${row.column}` : ''}`;
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => cause);
  if (!(found instanceof Error)) {
    if (found.isFile()) return;
    throw new GlossaError('DATA_FORMAT', `${path} is ${found.isDirectory() ? 'a folder' : 'no regular file'}`, {
      hint: 'Name a file: .jsonl, .jsonl.gz, .parquet, .csv or .tsv.',
    });
  }
  if (found.code !== 'ENOENT' && found.code !== 'ENOTDIR') {
    throw new GlossaError('DATA_UNREADABLE', `${path} cannot be read: ${found.message}`, { cause: found });
  }
  if (!(await exists(dirname(path))))
    throw new GlossaError('DATA_NOT_FOUND', `${path} is not there; nor is its folder ${dirname(path)}`, {
      hint: 'Look whether the path is right.',
    });
  const near = await nearPath(path);
  const hint = near === undefined ? {} : { hint: `Did you mean ${near}?` };
  throw new GlossaError('DATA_NOT_FOUND', `${path} is not there`, hint);
}
