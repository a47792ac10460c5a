/** Rows of ids end to end: row i is `ids[offsets[i] .. offsets[i + 1])`. */
interface Ragged {
  ids: Int32Array;
  offsets: Int32Array;
}

/** Rows put end to end. */
export function toRagged(rows: readonly ArrayLike<number>[]): Ragged {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + row.length));
  const ids = new Int32Array(offsets[rows.length]!);
  rows.forEach((row, i) => ids.set(row, offsets[i]));
  return { ids, offsets };
}

export const rowLength = ({ offsets }: Pick<Ragged, 'offsets'>, row: number): number =>
  offsets[row + 1]! - offsets[row]!;

export const rowIds = ({ ids, offsets }: Ragged, row: number): Int32Array =>
  ids.subarray(offsets[row], offsets[row + 1]);

/** The part of a per-token column that belongs to rows [start, end). */
export function sliceTokens<T extends Int32Array | Float32Array>(
  column: T,
  { offsets }: Pick<Ragged, 'offsets'>,
  start: number,
  end: number,
): T {
  return column.subarray(offsets[start], offsets[end]) as T;
}

/** Lists put end to end. */
export function joined<T extends Int32Array | Float32Array>(lists: readonly T[], kind: new (length: number) => T): T {
  const all = new kind(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all;
}
