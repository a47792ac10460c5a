import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scheduleAt, type Ramp } from '../../src/base/schedule.js';

const ramp = (more: Partial<Ramp> = {}): Ramp => ({
  ...{ schedule: 'linear', from: 1, to: 3, begin: 10, end: 20, power: 2 },
  ...more,
});

test('a number is the same at every step', () => {
  assert.deepEqual(
    [0, 7, 1e6].map((step) => scheduleAt(0.3, step)),
    [0.3, 0.3, 0.3],
  );
});

test('a ramp goes from one value to the other between two steps, and stays there', () => {
  const at = (settings: Partial<Ramp>) => [0, 10, 12, 15, 18, 20, 99].map((step) => scheduleAt(ramp(settings), step));
  assert.deepEqual(at({}), [1, 1, 1.4, 2, 2.6, 3, 3]);
  // 1 + 2 (d / 10)^2
  assert.deepEqual(at({ schedule: 'power' }), [1, 1, 1 + 2 * 0.2 ** 2, 1.5, 1 + 2 * 0.8 ** 2, 3, 3]);
  assert.deepEqual(at({ schedule: 'power', power: 1 }), at({}));
  // Half of a cosine: as far above the start as below the end.
  const cosine = at({ schedule: 'cosine' });
  assert.ok(Math.abs(cosine[2]! - (1 + (1 - Math.cos(0.2 * Math.PI)))) < 1e-12);
  assert.ok(Math.abs(cosine[2]! + cosine[4]! - 4) < 1e-12 && Math.abs(cosine[3]! - 2) < 1e-12);
  assert.deepEqual([cosine[0], cosine[1], cosine[5], cosine[6]], [1, 1, 3, 3]);
});

test('a ramp without a length is a jump, and divides by nothing', () => {
  const at = [9, 10, 11].map((step) => scheduleAt(ramp({ begin: 10, end: 10 }), step));
  assert.deepEqual(at, [1, 3, 3]);
  assert.deepEqual(
    [0, 1].map((step) => scheduleAt(ramp({ begin: 0, end: 0 }), step)),
    [3, 3],
  );
});

test('points have straight lines between them; two of one step are a jump', () => {
  const points = [
    [0, 1],
    [10, 0],
    [20, 0],
    [30, 4],
    [30, 9],
  ] as const;
  assert.deepEqual(
    [0, 5, 10, 15, 20, 25, 30, 31].map((step) => scheduleAt(points, step)),
    [1, 0.5, 0, 0, 0, 2, 9, 9],
  );
  assert.deepEqual(
    [0, 4, 5, 6].map((step) => scheduleAt([[5, 2]], step)),
    [2, 2, 2, 2],
  );
});
