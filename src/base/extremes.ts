// `Math.max(...values)` puts every value on the stack, and a run has more of them than it holds.

/** The least of numbers, however many; Infinity of none. */
export function least(values: Iterable<number>): number {
  let found = Infinity;
  for (const value of values) found = Math.min(found, value);
  return found;
}

/** The greatest of numbers, however many; -Infinity of none. */
export function greatest(values: Iterable<number>): number {
  let found = -Infinity;
  for (const value of values) found = Math.max(found, value);
  return found;
}
