import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baselineOf } from '../../src/sweep/results/baseline.js';
import { madeSweep } from './made_sweep.js';

const of = (sweep: ReturnType<typeof madeSweep>) => sweep.runs.map((run) => baselineOf(sweep, run)?.name ?? null);
const run = (name: string, seed: number, values: Record<string, unknown>, arm?: string) => ({
  name,
  seed,
  values,
  ...(arm !== undefined && { arm }),
});

test('an arm is the baseline of the others, by seed and values; an axis of one arm alone stands in no way', () => {
  const runs = [
    run('p1', 1, { t: 1 }, 'plain'),
    run('p2', 2, { t: 1 }, 'plain'),
    run('p1-hot', 1, { t: 2 }, 'plain'),
    run('r1', 1, { t: 1, weight: 0.5 }, 'rewarded'),
    run('r2', 2, { t: 1, weight: 1 }, 'rewarded'),
    run('r1-hot', 1, { t: 2, weight: 1 }, 'rewarded'),
    run('r3', 3, { t: 1, weight: 1 }, 'rewarded'),
  ];
  assert.deepEqual(of(madeSweep('/s', runs, { baseline: 'plain' })), [null, null, null, 'p1', 'p2', 'p1-hot', null]);
  assert.deepEqual(
    of(madeSweep('/s', runs)),
    runs.map(() => null),
  );
});

test('values are the baseline within each arm', () => {
  const runs = [
    run('a0', 1, { w: 0, t: 1 }, 'a'),
    run('a1', 1, { w: 1, t: 1 }, 'a'),
    run('b0', 1, { w: 0, t: 1 }, 'b'),
    run('b1', 1, { w: 1, t: 1 }, 'b'),
    run('b1-hot', 1, { w: 1, t: 2 }, 'b'),
  ];
  assert.deepEqual(of(madeSweep('/s', runs, { baseline: { w: 0 } })), [null, 'a0', null, 'b0', null]);
});
