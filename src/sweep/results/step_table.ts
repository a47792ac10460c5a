import type { MetricsLine } from '../../run/index.js';
import type { SweepRun } from '../record.js';
import type { Column, Table } from './columns.js';
import { identity, metricNames } from './run_row.js';

/** steps/<run>.parquet: which run it is in every row, and the lines of its metrics.jsonl. */
export function stepTable(run: SweepRun, axes: readonly Column[], lines: readonly MetricsLine[]): Table {
  const entries = identity(run, axes);
  const of = Object.fromEntries(entries.map(([, name, value]) => [name, value]));
  const metrics = metricNames(lines);
  return {
    columns: [
      ...entries.map(([type, name]): Column => ({ name, type })),
      { name: 'step', type: 'integer' },
      ...metrics.map((name): Column => ({ name, type: 'number' })),
    ],
    rows: lines.map((line) => ({ ...line, ...of, step: line.step })),
  };
}
