import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanInterval, studentQuantile } from '../../src/base/student.js';

test('quantiles are those of the tables', () => {
  // scipy.stats.t.ppf(0.975, df)
  const expected: [number, number][] = [
    [1, 12.706204736174694],
    [2, 4.302652729749462],
    [3, 3.1824463052837078],
    [4, 2.7764451051977934],
    [7, 2.364624251592784],
    [30, 2.0422724563012378],
    [99, 1.9842169515864174],
    [1000, 1.9623390808264083],
  ];
  for (const [degrees, t] of expected)
    assert.ok(Math.abs(studentQuantile(degrees) - t) < 1e-9, `${String(degrees)}: ${String(studentQuantile(degrees))}`);
});

test('a mean has an interval from two values on', () => {
  assert.equal(meanInterval([]), undefined);
  assert.deepEqual(meanInterval([0.25]), { n: 1, mean: 0.25, low: null, high: null });
  // scipy.stats.t.interval(0.95, 3, loc=2.5, scale=scipy.stats.sem([1, 2, 3, 4]))
  const { mean, low, high } = meanInterval([1, 2, 3, 4])!;
  assert.equal(mean, 2.5);
  assert.ok(Math.abs(low! - 0.4457397432394794) < 1e-9 && Math.abs(high! - 4.554260256760521) < 1e-9);
});
