import type { FidelityCounts } from '../metrics/index.js';
import type { RolloutAdditions } from './add_columns.js';

/** The column that holds each count. */
export const FIDELITY_COLUMNS = {
  reasoning: 'reasoning_words',
  target: 'reasoning_words_target',
  english: 'reasoning_words_en',
  afterAnswer: 'words_after_answer',
  repeated: 'words_repeated',
  copied: 'words_copied',
  hidden: 'words_in_markup',
} as const satisfies Record<keyof FidelityCounts, keyof RolloutAdditions>;
const COUNTS = Object.keys(FIDELITY_COLUMNS) as (keyof FidelityCounts)[];

/** The counts of one completion under the names of the columns. */
export type FidelityCells = Record<(typeof FIDELITY_COLUMNS)[keyof FidelityCounts], number>;

export function fidelityCells(counts: FidelityCounts): FidelityCells {
  return Object.fromEntries(COUNTS.map((count) => [FIDELITY_COLUMNS[count], counts[count]])) as FidelityCells;
}

export function fidelityColumns(rows: readonly FidelityCounts[]): RolloutAdditions {
  return Object.fromEntries(
    COUNTS.map((count) => [FIDELITY_COLUMNS[count], Int32Array.from(rows, (row) => row[count])]),
  );
}

/** The counts of a row that was read; undefined where an earlier version wrote it, without them. */
export function fidelityOfRow(row: Partial<Record<keyof FidelityCells, unknown>>): FidelityCounts | undefined {
  if (!COUNTS.every((count) => typeof row[FIDELITY_COLUMNS[count]] === 'number')) return undefined;
  return Object.fromEntries(COUNTS.map((count) => [count, row[FIDELITY_COLUMNS[count]]])) as unknown as FidelityCounts;
}
