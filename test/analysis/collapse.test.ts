import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collapse, smooth } from '../../src/analysis/collapse.js';

const points = (values: (number | null)[]) => values.map((value, i) => ({ step: i + 1, value }));

test('smoothing averages the known values of the last steps and leaves gaps out', () => {
  assert.deepEqual(
    smooth(points([null, 1, null, 0, null, null, null]), 3).map((point) => point.value),
    [null, 1, 1, 0.5, 0, 0, null],
  );
});

test('the collapse step is the first whose smoothed value is below half the start', () => {
  // windows of five: means 1, 1, 1, 1, 1, .8, .6, .4
  assert.equal(collapse(points([1, 1, 1, 1, 1, 0, 0, 0, 0])).step, 8);
  assert.equal(collapse(points([1, 1, 0.9, 0.8, 0.9, 0.9])).step, null);
});

test('steps without a right answer neither start nor end a collapse', () => {
  assert.equal(collapse(points([null, null, 1, 1, null, 1])).step, null);
  assert.deepEqual(collapse(points([null, null])), { step: null, start: null, end: null });
  assert.equal(collapse(points([0, 0, 0])).step, null, 'what starts at zero cannot halve');
});

test('a collapse that was overcome shows in its end', () => {
  const { step, start, end } = collapse(points([1, 0, 0, 0, 0, 1, 1, 1, 1, 1]));
  assert.deepEqual([step, start?.value, end], [3, 1, { step: 10, value: 1 }]);
});
