import type { SweepPage } from '../report/index.js';
import { updateResults, type SweepRecord, type Table } from '../sweep/index.js';

/** What the report shows of a sweep: its results, brought up to date first. @throws GlossaError IO_ERROR. */
export async function sweepPage(sweep: SweepRecord): Promise<SweepPage> {
  const { rows } = await updateResults(sweep);
  const axes = [...new Set(sweep.runs.flatMap(({ values }) => Object.keys(values)))];
  return {
    name: sweep.name,
    dir: sweep.dir,
    axes,
    baseline: baselineText(sweep.spec.baseline),
    runs: rows.map((row) => {
      const {
        run,
        seed,
        arm,
        state,
        error,
        error_code: code,
        steps,
        max_steps: of,
        collapse_step,
        price,
      } = row as unknown as ResultRow;
      return {
        name: run,
        arm,
        seed,
        state,
        error: code === null ? null : `${code}: ${error ?? ''}`,
        steps,
        maxSteps: of,
        axes: Object.fromEntries(axes.map((axis) => [axis, row[axis] ?? null])),
        figures: figuresOf(row),
        collapseStep: collapse_step,
        price,
      };
    }),
  };
}

/** Columns that every row has; of a run that has not begun most are null. */
interface ResultRow {
  run: string;
  seed: number;
  arm: string | null;
  state: string;
  error: string | null;
  error_code: string | null;
  steps: number | null;
  max_steps: number | null;
  collapse_step: number | null;
  price: number | null;
}

function figuresOf(row: Table['rows'][number]): Record<string, number | null> {
  const final = Object.entries(row).filter(([name]) => name.startsWith('final.'));
  return Object.fromEntries(final.map(([name, value]) => [name.slice('final.'.length), value as number | null]));
}

function baselineText(baseline: SweepRecord['spec']['baseline']): string | null {
  if (baseline === undefined) return null;
  if (typeof baseline === 'string') return baseline;
  return Object.entries(baseline)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
