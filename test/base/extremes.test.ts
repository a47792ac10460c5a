import assert from 'node:assert/strict';
import { it } from 'node:test';
import { greatest, least } from '../../src/base/extremes.js';

it('the extremes of more values than the stack holds are found', () => {
  const values = Float64Array.from({ length: 1_000_000 }, (_, i) => Math.sin(i) * i);
  const sorted = values.toSorted();
  assert.equal(least(values), sorted[0]);
  assert.equal(greatest(values), sorted.at(-1));
  assert.throws(() => Math.max(...values), RangeError);
});

it('of nothing are the ends of the line, and of what is no number none', () => {
  assert.deepEqual([least([]), greatest([])], [Infinity, -Infinity]);
  assert.deepEqual([least([1, NaN, 2]), greatest(new Set([3, NaN]))], [NaN, NaN]);
});
