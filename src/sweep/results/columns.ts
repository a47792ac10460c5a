import type { SweepRecord } from '../record.js';

/** How a column's values are stored: text as UTF-8, integer as 64 bits, number as float64, truth as a bit, time in milliseconds of UTC. */
export type ColumnType = 'text' | 'integer' | 'number' | 'truth' | 'time';

export interface Column {
  name: string;
  type: ColumnType;
}

/** A value of a table; a time is what `Date.prototype.toISOString` gives. */
export type Cell = string | number | boolean | null;

export type Row = Readonly<Record<string, Cell>>;

export interface Table {
  columns: readonly Column[];
  rows: readonly Row[];
}

/**
 * A column for each axis, named by its setting, of the type that holds all values that the runs have: one type in every file of a
 * sweep. Lists, sections and mixed values are JSON texts.
 */
export function axisColumns({ runs }: Pick<SweepRecord, 'runs'>): Column[] {
  const values = new Map<string, unknown[]>();
  for (const run of runs) {
    for (const [name, value] of Object.entries(run.values)) {
      const known = values.get(name);
      if (known) known.push(value);
      else values.set(name, [value]);
    }
  }
  return [...values].map(([name, all]) => ({ name, type: typeOf(all.filter((value) => value !== null)) }));
}

function typeOf(values: readonly unknown[]): ColumnType {
  if (values.every((value) => typeof value === 'boolean')) return 'truth';
  if (values.every((value) => Number.isSafeInteger(value))) return 'integer';
  return values.every((value) => typeof value === 'number') ? 'number' : 'text';
}

/** A run's value of an axis, as a column of its type holds it; null where it has none. */
export function axisCell(value: unknown, type: ColumnType): Cell {
  if (value === undefined || value === null) return null;
  if (type !== 'text') return value as number | boolean;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
