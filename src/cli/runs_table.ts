import type { RunOverview } from '../analysis/index.js';
import { printable } from '../base/printable.js';
import { showValue } from '../metrics/index.js';
import { count, duration, textTable } from './format.js';
import type { ListedSweep, RunList } from './runs_list.js';

/** Runs and sweeps as lines: as wide as they are where `width` is Infinity, else columns are left out until they fit. */
export function runsTable({ sweeps, runs, broken, all }: RunList, dir: string, width: number): string {
  if (all === 0 && sweeps.length === 0) return `no runs below ${printable(dir)}\n`;
  const shown = runs.length + broken.length;
  const blocks = [
    sweeps.map(sweepLine),
    runs.length === 0 ? [] : fitted(runs, width),
    broken.map((run) => fit(`${oneLine(run.path)}  broken: ${run.code}: ${oneLine(run.error)}`, width)),
    [shown === all ? count(all, 'run') : `${String(shown)} of ${count(all, 'run')}`],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function sweepLine({ path, total, runs, code, error }: ListedSweep): string {
  if (code !== null) return `sweep ${oneLine(path)}  broken: ${code}: ${oneLine(error ?? '')}`;
  const states = Object.entries(runs).map(([state, n]) => `${String(n)} ${state}`);
  return `sweep ${oneLine(path)}: ${count(total ?? 0, 'run')}, ${states.join(', ')}`;
}

interface Column {
  head: string;
  cell: (run: RunOverview) => string;
  /** Columns of low rank are left out first; one without a rank stays. */
  rank?: number;
  /** Numbers stand to the right, texts to the left. */
  number?: boolean;
  /** The only kind of run that has it: a list without one has no such column. */
  of?: RunOverview['method'];
}

const share = (value: number | null | undefined) => showValue(value, 'share');
const nats = (value: number | null | undefined) => showValue(value, 'nats');

const COLUMNS: readonly Column[] = [
  { head: 'run', cell: ({ path }) => oneLine(path) },
  { head: 'state', cell: ({ state, code }) => (code === null ? state : `${state}: ${code}`) },
  {
    head: 'step',
    cell: ({ step, max_steps: of, final_step: final }) =>
      `${String(step)}${of === null ? '' : `/${String(of)}`}${final === null || final === step ? '' : `, final ${String(final)}`}`,
    number: true,
  },
  {
    head: 'loss',
    cell: ({ method, metrics }) => (method === 'sft' ? nats(metrics.loss) : '-'),
    rank: 7,
    number: true,
    of: 'sft',
  },
  {
    head: 'token accuracy',
    cell: ({ metrics }) => share(metrics.mean_token_accuracy),
    rank: 3,
    number: true,
    of: 'sft',
  },
  { head: 'held-out loss', cell: heldOutCell, rank: 6, of: 'sft' },
  { head: 'accuracy', cell: ({ metrics }) => share(metrics.accuracy), rank: 7, number: true, of: 'grpo' },
  {
    head: 'target words',
    cell: ({ metrics }) => share(metrics['language/target_wr']),
    rank: 6,
    number: true,
    of: 'grpo',
  },
  { head: 'last evaluation: accuracy, target words', cell: evaluationCell, rank: 4 },
  { head: 'languages', cell: ({ languages }) => languages.join(','), rank: 2 },
  { head: 'model', cell: ({ model }) => oneLine(shortPath(model ?? '-')), rank: 1 },
  { head: 'age', cell: ({ age }) => duration(age), rank: 5, number: true },
];

function heldOutCell({ held_out: sets }: RunOverview): string {
  if (sets.length === 0) return '-';
  return `${sets.map(({ set, loss }) => `${oneLine(set)} ${nats(loss)}`).join('; ')} at ${String(sets[0]!.step)}`;
}

function evaluationCell({ evaluations }: RunOverview): string {
  if (evaluations.length === 0) return '-';
  const figures = evaluations.map(({ suite, language, accuracy, target_wr: words }) => {
    const name = suite === language ? suite : `${suite} (${language})`;
    return `${oneLine(name)} ${share(accuracy)}, ${share(words)}`;
  });
  return `${figures.join('; ')} at ${String(evaluations[0]!.step)}`;
}

function fitted(runs: readonly RunOverview[], width: number): string[] {
  let columns = COLUMNS.filter(({ of }) => of === undefined || runs.some(({ method }) => method === of));
  for (;;) {
    const lines = tableLines(columns, runs);
    const least = columns.reduce((low, { rank = Infinity }) => Math.min(low, rank), Infinity);
    if (least === Infinity || lines.every((line) => line.length <= width)) return lines.map((line) => fit(line, width));
    columns = columns.filter(({ rank }) => rank !== least);
  }
}

function tableLines(columns: readonly Column[], runs: readonly RunOverview[]): string[] {
  const rows = [columns.map(({ head }) => head), ...runs.map((run) => columns.map(({ cell }) => cell(run)))];
  const texts = columns.flatMap(({ number }, i) => (number === true ? [] : [i]));
  return textTable(rows, texts).split('\n');
}

/** The last two folders of a long path say which model it is; of a checkpoint the last three. */
const shortPath = (path: string): string =>
  path.startsWith('/') ? path.replace(/^.+?(?=\/[^/]+(\/checkpoints)?\/[^/]+$)/, '…') : path;

/** A name may have anything in it; a run has one line. */
const oneLine = (text: string): string => printable(text).replaceAll(/\s+/g, ' ');

const fit = (line: string, width: number): string => (line.length <= width ? line : `${line.slice(0, width - 1)}…`);
