import { basename } from 'node:path';
import { verifierOf } from '../answer/index.js';
import { GlossaError } from '../base/error.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { openRows, rowPlace } from './open.js';
import { originOf, withOrigin } from './origin.js';
import { fieldColumns, readProblem } from './problem.js';
import { MOST_HELD, ProblemList } from './problem_list.js';
import type { Row } from './rows.js';
import { SeenIds } from './seen_ids.js';
import { verifierNameOf } from './suites.js';
import type { DataSet, DataSetSettings, Problem, Problems } from './types.js';

/** Of rows that are left out, and of answers that cannot be judged, so many are kept; all are counted. */
const MOST_NOTED = 1000;

/**
 * Reads a set of problems from its files (`files`, else `path`), in order, at most `limit` of them, into an array.
 *
 * A bad row (broken JSON, a field missing or of a wrong type, invalid UTF-8, half a surrogate pair, a line above 16 MB, an id
 * given before in the same language) stops the reading with DATA_BAD_ROW, or, with onBadRow `skip`, is listed in `skipped`.
 *
 * Errors: those of openRows, DATA_BAD_ROW, DATA_EMPTY (no problem at all).
 */
export async function loadDataSet(settings: DataSetSettings): Promise<DataSet<Problem[]>> {
  return (await readDataSet(settings, Infinity)) as DataSet<Problem[]>;
}

/**
 * As {@link loadDataSet}, of a set of any size: one of more than `most` characters lies in a temporary file, and memory holds
 * 16 to 24 bytes of each problem.
 *
 * Errors: also DATA_SPILL.
 */
export async function streamDataSet(settings: DataSetSettings, most = MOST_HELD): Promise<DataSet> {
  return readDataSet(settings, most);
}

async function readDataSet(settings: DataSetSettings, most: number): Promise<DataSet> {
  const { path, files = [path], limit = Infinity } = settings;
  const verifier = verifierOf(verifierNameOf(settings));
  const columns = settings.rows ? [] : fieldColumns(settings);
  const problems = new ProblemList(most);
  const skipped: DataSet['skipped'] = [];
  const unjudged: DataSet['unjudged'] = [];
  const counts = { skipped: 0, unjudged: 0 };
  const seen = new SeenIds(problems);
  const languages = new Set<Language>();
  let otherLanguage = 0;

  files: for (const file of files) {
    for await (const row of openRows(file, columns)) {
      if (problems.length >= limit) break files;
      const result = problemOf(row, file, settings);
      if (result.kind === 'other') {
        otherLanguage++;
        continue;
      }
      let reason = '';
      if (result.kind === 'problem') {
        const problem = withOrigin(result.problem, { file, line: row.line });
        const before = seen.find(problem);
        if (before === undefined) {
          problems.add(problem);
          languages.add(problem.language);
          if (verifier?.judges(problem.answer) === false && counts.unjudged++ < MOST_NOTED)
            unjudged.push({ line: row.line, answer: problem.answer });
          continue;
        }
        const first = originOf(before)!;
        const elsewhere = first.file === file ? '' : ` of ${first.file}`;
        reason = `id ${JSON.stringify(problem.id)} was given before, on line ${first.line}${elsewhere}`;
      } else reason = result.reason;
      if (settings.onBadRow !== 'skip') {
        throw new GlossaError('DATA_BAD_ROW', `${rowPlace(file, row)}: ${reason}`, {
          hint: 'mend the row, name the fields of the file under `fields` (and its `language` where no field does), or leave bad rows out with `on_bad_row: skip`',
        });
      }
      if (counts.skipped++ < MOST_NOTED) skipped.push({ line: row.line, reason });
    }
  }
  if (problems.length === 0) throw empty(settings, skipped, { skipped: counts.skipped, otherLanguage });
  return {
    problems: problems.list,
    languages: LANGUAGES.filter((language) => languages.has(language)),
    ...{ skipped, unjudged, counts, settings },
  };
}

function problemOf(row: Row, file: string, settings: DataSetSettings): ReturnType<typeof readProblem> {
  if (!('value' in row)) return { kind: 'bad', reason: row.reason };
  const { suite } = settings;
  return readProblem(row.value, settings, suite === undefined ? fallbackId(file, row.line) : `${suite}-${row.line}`);
}

const fallbackId = (file: string, line: number): string => `${basename(file)}:${line}`;

/** Whether the id of a problem is the row's own, and not the place of the row. */
export function isNamed(problem: Problem): boolean {
  const origin = originOf(problem);
  return origin === undefined || problem.id !== fallbackId(origin.file, origin.line);
}

/** Some of the problems, by number, in ascending order. */
export function selected(problems: Problems, kept: Uint32Array): Problems {
  if (Array.isArray(problems)) return Array.from(kept, (i) => (problems as readonly Problem[])[i]!);
  return {
    length: kept.length,
    at: (index) => (index < 0 || index >= kept.length ? undefined : problems.at(kept[index]!)),
    *[Symbol.iterator]() {
      let [next, i] = [0, 0];
      for (const problem of problems) {
        if (kept[next] === i++) {
          yield problem;
          next++;
        }
      }
    },
  };
}

function empty(
  { path, language, limit }: DataSetSettings,
  [first]: DataSet['skipped'],
  { skipped, otherLanguage }: { skipped: number; otherLanguage: number },
): GlossaError {
  const reasons: string[] = [];
  if (otherLanguage > 0) reasons.push(`${otherLanguage} rows are of another language than ${language}`);
  if (first) reasons.push(`${skipped} bad rows were skipped, the first on line ${first.line}: ${first.reason}`);
  if (limit === 0) reasons.push('limit is 0');
  return new GlossaError(
    'DATA_EMPTY',
    `${path} has no problems${reasons.length > 0 ? ` (${reasons.join('; ')})` : ': it is empty'}`,
  );
}
