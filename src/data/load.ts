import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { nearest } from '../config/suggest.js';
import { readParquetRows } from './parquet.js';
import { DEFAULT_FIELDS, readProblem } from './problem.js';
import { readJsonlRows, type Row } from './rows.js';
import type { DataSet, DataSetSettings, Problem } from './types.js';

/**
 * Reads a set of problems from a .jsonl, .jsonl.gz or .parquet file, in file order, at most `limit` of them.
 *
 * A bad row (broken JSON, a field missing or of a wrong type, invalid UTF-8, half a surrogate pair, a line above 16 MB, an id
 * given before in the same language) stops the reading with DATA_BAD_ROW, or, with onBadRow `skip`, is listed in `skipped`.
 *
 * Errors: DATA_NOT_FOUND, DATA_FORMAT (another kind of file), DATA_UNREADABLE (no permission, a truncated gzip, a broken
 * Parquet file), DATA_BAD_ROW, DATA_EMPTY (no problem at all).
 */
export async function loadDataSet(settings: DataSetSettings): Promise<DataSet> {
  const { path, limit = Infinity } = settings;
  await checkFile(path);
  const problems: Problem[] = [];
  const skipped: DataSet['skipped'] = [];
  const lineOf = new Map<string, number>();
  let otherLanguage = 0;
  try {
    for await (const row of openRows(settings)) {
      if (problems.length >= limit) break;
      let reason: string;
      if ('value' in row) {
        const result = readProblem(row.value, settings, `${basename(path)}:${row.line}`);
        if (result.kind === 'other') {
          otherLanguage++;
          continue;
        }
        if (result.kind === 'problem') {
          const { id, language } = result.problem;
          const key = `${language} ${id}`;
          const before = lineOf.get(key);
          if (before === undefined) {
            lineOf.set(key, row.line);
            problems.push(result.problem);
            continue;
          }
          reason = `id ${JSON.stringify(id)} was given before, on line ${before}`;
        } else reason = result.reason;
      } else reason = row.reason;
      if (settings.onBadRow !== 'skip') throw badRow(path, row, reason);
      skipped.push({ line: row.line, reason });
    }
  } catch (cause) {
    if (cause instanceof GlossaError) throw cause;
    throw new GlossaError('DATA_UNREADABLE', `${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (problems.length === 0) throw empty(settings, skipped, otherLanguage);
  return { problems, skipped, settings };
}

function openRows({ path, fields }: DataSetSettings): AsyncGenerator<Row> {
  if (/\.(?:jsonl|ndjson)$/i.test(path)) return readJsonlRows(path, false);
  if (/\.(?:jsonl|ndjson)\.gz$/i.test(path)) return readJsonlRows(path, true);
  if (/\.parquet$/i.test(path)) {
    return readParquetRows(path, [...Object.values({ ...DEFAULT_FIELDS, ...fields }).filter((name) => name !== undefined), 'source']);
  }
  throw new GlossaError('DATA_FORMAT', `${path} is of a kind that is not read`, { hint: 'Use .jsonl, .jsonl.gz or .parquet.' });
}

function badRow(path: string, row: Row, reason: string): GlossaError {
  const column = 'column' in row && row.column !== undefined ? `:${row.column}` : '';
  return new GlossaError('DATA_BAD_ROW', `${path}:${row.line}${column}: ${reason}`, {
    hint: 'Mend the row, name the fields of the file under `fields`, or leave bad rows out with `on_bad_row: skip`.',
  });
}

function empty(settings: DataSetSettings, skipped: DataSet['skipped'], otherLanguage: number): GlossaError {
  const reasons: string[] = [];
  if (otherLanguage > 0) reasons.push(`${otherLanguage} rows are of another language than ${settings.language}`);
  if (skipped.length > 0) reasons.push(`${skipped.length} bad rows were skipped, the first on line ${skipped[0]!.line}: ${skipped[0]!.reason}`);
  if (settings.limit === 0) reasons.push('limit is 0');
  return new GlossaError('DATA_EMPTY', `${settings.path} has no problems${reasons.length > 0 ? ` (${reasons.join('; ')})` : ': it is empty'}`);
}

async function checkFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => cause);
  if (!(found instanceof Error)) {
    if (found.isDirectory()) throw new GlossaError('DATA_FORMAT', `${path} is a folder`, { hint: 'Name a file: .jsonl, .jsonl.gz or .parquet.' });
    return;
  }
  if (found.code !== 'ENOENT' && found.code !== 'ENOTDIR') {
    throw new GlossaError('DATA_UNREADABLE', `${path} cannot be read: ${found.message}`, { cause: found });
  }
  const names = await readdir(dirname(path)).catch(() => undefined);
  if (names === undefined) throw new GlossaError('DATA_NOT_FOUND', `${path} is not there; nor is its folder ${dirname(path)}`);
  const near = nearest(basename(path), names);
  const hint = near === undefined ? {} : { hint: `Did you mean ${join(dirname(path), near)}?` };
  throw new GlossaError('DATA_NOT_FOUND', `${path} is not there`, hint);
}
