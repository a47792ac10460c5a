import { basename } from 'node:path';
import { verifierOf } from '../answer/index.js';
import { GlossaError } from '../base/error.js';
import { openRows, rowPlace } from './open.js';
import { fieldColumns, readProblem } from './problem.js';
import { verifierNameOf } from './suites.js';
import type { DataSet, DataSetSettings, Problem } from './types.js';

/**
 * Reads a set of problems from a .jsonl, .jsonl.gz or .parquet file, in file order, at most `limit` of them.
 *
 * A bad row (broken JSON, a field missing or of a wrong type, invalid UTF-8, half a surrogate pair, a line above 16 MB, an id
 * given before in the same language) stops the reading with DATA_BAD_ROW, or, with onBadRow `skip`, is listed in `skipped`.
 *
 * Errors: those of openRows, DATA_BAD_ROW, DATA_EMPTY (no problem at all).
 */
export async function loadDataSet(settings: DataSetSettings): Promise<DataSet> {
  const { path, limit = Infinity, suite } = settings;
  const verifier = verifierOf(verifierNameOf(settings));
  const columns = settings.rows ? [] : fieldColumns(settings);
  const problems: Problem[] = [];
  const skipped: DataSet['skipped'] = [];
  const unjudged: DataSet['unjudged'] = [];
  const lineOf = new Map<string, number>();
  let otherLanguage = 0;

  for await (const row of openRows(path, columns)) {
    if (problems.length >= limit) break;
    const result =
      'value' in row
        ? readProblem(
            row.value,
            settings,
            suite === undefined ? `${basename(path)}:${row.line}` : `${suite}-${row.line}`,
          )
        : { kind: 'bad' as const, ...row };
    if (result.kind === 'other') {
      otherLanguage++;
      continue;
    }
    let reason = '';
    if (result.kind === 'problem') {
      const { id, language } = result.problem;
      const before = lineOf.get(`${language} ${id}`);
      if (before === undefined) {
        lineOf.set(`${language} ${id}`, row.line);
        problems.push(result.problem);
        const { answer } = result.problem;
        if (verifier?.judges(answer) === false) unjudged.push({ line: row.line, answer });
        continue;
      }
      reason = `id ${JSON.stringify(id)} was given before, on line ${before}`;
    } else reason = result.reason;
    if (settings.onBadRow !== 'skip') {
      throw new GlossaError('DATA_BAD_ROW', `${rowPlace(path, row)}: ${reason}`, {
        hint: 'mend the row, name the fields of the file under `fields` (and its `language` where no field does), or leave bad rows out with `on_bad_row: skip`',
      });
    }
    skipped.push({ line: row.line, reason });
  }
  if (problems.length === 0) throw empty(settings, skipped, otherLanguage);
  return { problems, skipped, unjudged, settings };
}

function empty(
  { path, language, limit }: DataSetSettings,
  skipped: DataSet['skipped'],
  otherLanguage: number,
): GlossaError {
  const reasons: string[] = [];
  if (otherLanguage > 0) reasons.push(`${otherLanguage} rows are of another language than ${language}`);
  if (skipped.length > 0)
    reasons.push(
      `${skipped.length} bad rows were skipped, the first on line ${skipped[0]!.line}: ${skipped[0]!.reason}`,
    );
  if (limit === 0) reasons.push('limit is 0');
  return new GlossaError(
    'DATA_EMPTY',
    `${path} has no problems${reasons.length > 0 ? ` (${reasons.join('; ')})` : ': it is empty'}`,
  );
}
