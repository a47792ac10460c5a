import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { GlossaError } from '../base/error.js';
import { printable } from '../base/printable.js';
import { loadRewards } from '../config/index.js';
import { openRows, readJsonlRows, rowPlace } from '../data/index.js';
import { fieldMeasure, findMeasure, labelOf, showValue, STRICT_LABEL, type Field } from '../metrics/index.js';
import {
  DEFAULT_SCORE_FIELDS,
  ORIGIN_FIELDS,
  ScoreTotals,
  scoreRows,
  type ScoreFields,
  type Totals,
} from '../score/index.js';
import { answerOption, languageOption, verifierOption } from './arguments.js';
import { EXIT } from './errors.js';
import { count, textTable } from './format.js';
import { scoreRun } from './score_run.js';

export interface ScoreCommandOptions {
  json?: boolean;
  lang?: string;
  predictionField?: string;
  goldField?: string;
  langField?: string;
  answer?: string;
  verifier?: string;
  rewards?: string;
  rollouts?: boolean;
  step?: string;
}

/**
 * `npx glossa score`: with --json one object a row in input order (a bad row has `line` and `error`), then one with `totals` and
 * `languages`; else a table by language. Bad rows go to standard error, and make the exit code 1.
 */
export async function scoreCommand(file: string, options: ScoreCommandOptions): Promise<number> {
  if (await isFolder(file)) {
    refuseOptions(
      options,
      ['lang', 'predictionField', 'goldField', 'langField', 'rewards'],
      'for files, not for a run',
    );
    await scoreRun(file, options);
    return 0;
  }
  refuseOptions(options, ['rollouts', 'step'], 'for the folder of a run');
  const language = options.lang === undefined ? undefined : languageOption('lang', options.lang);
  const fields: ScoreFields = {
    prediction: options.predictionField === undefined ? DEFAULT_SCORE_FIELDS.prediction : [options.predictionField],
    gold: options.goldField === undefined ? DEFAULT_SCORE_FIELDS.gold : [options.goldField],
    language: options.langField === undefined ? DEFAULT_SCORE_FIELDS.language : [options.langField],
    finish: DEFAULT_SCORE_FIELDS.finish,
    question: DEFAULT_SCORE_FIELDS.question,
  };
  const config = options.rewards === undefined ? undefined : await loadRewards(options.rewards);
  const judging = {
    answer: answerOption(options.answer ?? config?.answer),
    verifier: verifierOption(options.verifier ?? 'number'),
    rewards: config?.rewards ?? [],
  };
  const rows =
    file === '-'
      ? readJsonlRows(process.stdin, false)
      : openRows(
          file,
          // Users' functions are given every column.
          config ? [] : [...Object.values<readonly string[]>({ ...fields }).flat(), ...ORIGIN_FIELDS],
        );
  const name = file === '-' ? 'standard input' : file;
  const totals = new ScoreTotals();
  let badRows = 0;
  let errors = 0;

  const output = new Output();
  for await (const scored of scoreRows(rows, fields, language, judging)) {
    if ('score' in scored) {
      totals.add(scored.score);
      for (const { reward, message } of scored.errors)
        process.stderr.write(`${printable(`${rowPlace(name, scored.row)}: ${reward}: ${message}`)}\n`);
      errors += scored.errors.length;
      if (options.json) await output.line(JSON.stringify(scored.score));
    } else {
      badRows++;
      process.stderr.write(`bad row ${printable(`${rowPlace(name, scored.row)}: ${scored.reason}`)}\n`);
      if (options.json) await output.line(JSON.stringify({ line: scored.row.line, error: scored.reason }));
    }
    if (output.closed) return 0;
  }
  const all = totals.all();
  if (all.rows + badRows === 0) throw new GlossaError('DATA_EMPTY', `${name} has no rows`);
  if (options.json)
    await output.line(
      JSON.stringify({ totals: { ...all, bad_rows: badRows, grader_errors: errors }, languages: totals.byLanguage() }),
    );
  else await output.line(table(totals, badRows, errors));
  return badRows > 0 ? EXIT.failure : 0;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

function refuseOptions(
  options: ScoreCommandOptions,
  names: readonly (keyof ScoreCommandOptions)[],
  whose: string,
): void {
  const given = names.find((name) => options[name] !== undefined);
  if (given === undefined) return;
  const flag = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new GlossaError('USAGE', `--${flag} is ${whose}`);
}

const FIELDS = [
  ...['accuracy', 'clipped_ratio', 'target_wr', 'target_wr_rewarded', 'en_wr', 'other_wr'],
  ...['target_wr_reasoning', 'words_after_answer', 'repetition', 'copied', 'in_markup'],
] as const satisfies readonly Field[];

function table(totals: ScoreTotals, badRows: number, errors: number): string {
  const rewards = Object.keys(totals.all().rewards ?? {});
  const measures = FIELDS.map((field) => ({ field, measure: fieldMeasure(field) }));
  const cells = (name: string, of: Totals): string[] => [
    name,
    String(of.rows),
    String(of.judged),
    ...measures.map(({ field, measure }) => showValue(of[field], measure.unit)),
    showValue(of.accuracy_strict, 'share'),
    ...rewards.map((reward) => showValue(of.rewards?.[reward]?.mean ?? null, 'reward')),
  ];
  const languages = Object.entries(totals.byLanguage());
  const lines = [
    [
      'language',
      'rows',
      'judged',
      ...measures.map(({ measure }) => labelOf({ measure })),
      STRICT_LABEL,
      ...rewards.map((reward) => labelOf(findMeasure(`rewards/${reward}/mean`)!)),
    ],
    ...languages.map(([language, of]) => cells(language, of)),
    ...(languages.length > 1 ? [cells('all', totals.all())] : []),
  ];
  return [
    textTable(lines),
    ...(badRows > 0 ? [`${count(badRows, 'bad row')} left out`] : []),
    ...(errors > 0 ? [`${count(errors, 'grading')} ended in an error, and judged nothing`] : []),
  ].join('\n');
}

/** Standard output that waits where the reader is slow, and notices where it is gone (`npx glossa score x --json | head`). */
class Output {
  closed = false;

  constructor() {
    process.stdout.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.closed = true;
    });
  }

  async line(text: string): Promise<void> {
    if (this.closed || process.stdout.write(`${text}\n`)) return;
    await Promise.race([once(process.stdout, 'drain'), once(process.stdout, 'close')]).catch(() => undefined);
  }
}
