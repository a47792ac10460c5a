import {
  collapse,
  extremes,
  known,
  type Point,
  type RunModel,
  type SuiteSeries,
  trials,
  wilson,
} from '../analysis/index.js';
import { languageName } from '../language/index.js';
import {
  fieldMeasure,
  labelOf,
  rowMeasure,
  showValue,
  STRICT_LABEL,
  type AtK,
  type Field,
  type Interval,
  type Unit,
} from '../metrics/index.js';
import { atKs, differsStrictly, type EvaluationRow } from '../run/index.js';
import { escapeHtml, table } from './html.js';
import { fieldLabel } from './story.js';

const FIELDS: readonly Field[] = [
  'accuracy',
  'clipped_ratio',
  'target_wr',
  'target_wr_reasoning',
  'target_wr_rewarded',
  'en_wr',
  'other_wr',
  'words_after_answer',
  'repetition',
];
const heads = FIELDS.map((field) => fieldLabel(field, null));
const unitOf = (field: Field): Unit => fieldMeasure(field).unit;
const share = (value: number | null): string => showValue(value, 'share');
/** What no line break parts, so that a wide table wraps between values. */
const whole = (text: string): string => `<span>${text}</span>`;

/** Every suite and language of every run: first and last evaluation, and what lies beyond them between. */
export function heldOutTable(runs: readonly RunModel[]): string {
  const strict = strictly(runs);
  const rows = runs.flatMap((run) =>
    run.suites.map((series) => [
      escapeHtml(run.label),
      ...suiteCells(series),
      series.rows.map((row) => row.step).join(', '),
      ...FIELDS.map((field) => course(series.of(field), unitOf(field))),
      ...strict.map(() => course(strictPoints(series), 'share')),
    ]),
  );
  return table({ head: ['run', 'suite', 'prompts', 'completions', 'at steps', ...heads, ...strict], rows, texts: 3 });
}

/** Every evaluation, with the 95 % intervals of its accuracy, pass@k and maj@k. */
export function evaluationsTable(runs: readonly RunModel[]): string {
  const strict = strictly(runs);
  const several = atLargestK(runs);
  const rows = runs.flatMap((run) =>
    run.suites.flatMap((series) =>
      series.rows.map((row, i) => [
        escapeHtml(run.label),
        ...suiteCells(series).slice(0, 2),
        String(row.step),
        String(row.n),
        ...FIELDS.map((field) => {
          const { value } = series.of(field)[i]!;
          if (field !== 'accuracy' || value === null) return whole(showValue(value, unitOf(field)));
          return withInterval(value, row.intervals?.['accuracy'] ?? wilsonOf(value, trials(series, row.step)));
        }),
        ...strict.map(() => whole(share(strictPoints(series)[i]!.value))),
        ...several.map((name) => withInterval(row[name] ?? null, row.intervals?.[name])),
      ]),
    ),
  );
  const head = ['run', 'suite', 'prompts', 'step', 'completions', ...heads, ...strict, ...several.map(nameLabel)];
  return table({ head, rows, texts: 3 });
}

const nameLabel = (name: AtK): string => labelOf(rowMeasure(name)!);

/** pass@k and maj@k of the largest k of each evaluation. */
function atLargestK(runs: readonly RunModel[]): AtK[] {
  const rows = runs.flatMap(({ suites }) => suites.flatMap((series) => series.rows));
  const ks = [...new Set(rows.flatMap(largestK))].sort((a, b) => a - b);
  return ks.flatMap((k) => [`pass@${k}`, `maj@${k}`] as const);
}

/** None of one completion a problem. maj@k has the greatest k alone. */
const largestK = (row: EvaluationRow): number[] =>
  atKs(row).flatMap((name) => (name.startsWith('maj@') ? [Number(name.slice('maj@'.length))] : []));

function withInterval(value: number | null, interval: Interval | undefined): string {
  if (value === null || interval === undefined) return whole(share(value));
  const [low, high] = interval;
  return `${whole(share(value))} <small>${whole(share(low))} ${whole(`to ${share(high)}`)}</small>`;
}

/** Of files of earlier versions, which have no intervals. */
function wilsonOf(share: number, n: number): Interval {
  const { low, high } = wilson({ share, n });
  return [low, high];
}

/** The training prompts of every run in every language. */
export function trainingTable(runs: readonly RunModel[]): string {
  const rows = runs.flatMap((run) =>
    run.training.map(({ language, of }) => {
      const { step } = collapse(of('target_wr_rewarded'));
      return [
        escapeHtml(run.label),
        language === null ? 'not known' : languageName(language),
        String(run.metrics.length),
        ...FIELDS.map((field) => course(of(field), unitOf(field))),
        step === null ? 'none' : `step ${String(step)}`,
      ];
    }),
  );
  return table({ head: ['run', 'prompts', 'steps', ...heads, 'collapse'], rows, texts: 2 });
}

/** The head of a column for the accuracy by marked answers alone, where any evaluation has another one. */
function strictly(runs: readonly RunModel[]): string[] {
  return runs.some(({ suites }) => suites.some(({ rows }) => rows.some(differsStrictly))) ? [STRICT_LABEL] : [];
}

const strictPoints = ({ rows }: SuiteSeries): Point[] =>
  rows.map(({ step, accuracy_strict: value = null }) => ({ step, value }));

function suiteCells({ suite, language, rows }: SuiteSeries): string[] {
  const n = [...new Set(rows.map((row) => row.n))];
  return [escapeHtml(suite), escapeHtml(languageName(language)), n.join(', ')];
}

/** `12.5 → 40.0 %`, with the least and the greatest value where they lie outside. */
export function course(points: readonly Point[], unit: Unit): string {
  const shown = (value: number | null): string => showValue(value, unit);
  const values = known(points);
  const [first, last] = [values[0], values.at(-1)];
  if (first === undefined || last === undefined) return shown(null);
  if (values.length === 1) return whole(shown(first.value));
  const ends = extremes([first, last])!;
  const { lowest, highest } = extremes(values)!;
  const beyond = [
    ...(shown(lowest.value) === shown(ends.lowest.value) ? [] : [whole(`lowest ${shown(lowest.value)}`)]),
    ...(shown(highest.value) === shown(ends.highest.value) ? [] : [whole(`highest ${shown(highest.value)}`)]),
  ];
  const small = beyond.length === 0 ? '' : ` <small>${beyond.join(', ')}</small>`;
  return `${whole(shown(first.value))} ${whole(`→ ${shown(last.value)}`)}${small}`;
}
