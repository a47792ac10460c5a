import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collapseStep, fidelityPrice, findings, smooth } from '../../src/report/findings.js';
import type { MetricsLine, RunSummary } from '../../src/run/types.js';

const run = (metrics: MetricsLine[], evaluations: RunSummary['evaluations'] = []): RunSummary => ({
  name: 'r',
  dir: 'r',
  config: {},
  metrics,
  evaluations,
});
const rewarded = (values: (number | null)[]): MetricsLine[] =>
  values.map((value, i) => ({ step: i + 1, 'language/rewarded/target_wr': value }));

test('smoothing averages the last known values and leaves gaps out', () => {
  assert.deepEqual(smooth([null, 1, null, 0], 3), [null, 1, 1, 0.5]);
});

test('the collapse step is the first whose smoothed value is below half the start', () => {
  // windows of five: means 1, 1, 1, 1, 1, .8, .6, .4
  assert.equal(collapseStep(rewarded([1, 1, 1, 1, 1, 0, 0, 0, 0])), 8);
  assert.equal(collapseStep(rewarded([1, 1, 0.9, 0.8, 0.9, 0.9])), null);
});

test('steps without a right answer neither start nor end a collapse', () => {
  assert.equal(collapseStep(rewarded([null, null, 1, 1, null, 1])), null);
  assert.equal(collapseStep(rewarded([null, null])), null);
  assert.equal(collapseStep(rewarded([0, 0, 0])), null, 'what starts at zero cannot halve');
});

const point = (step: number, accuracy: number, wr: number) => ({
  step,
  suite: 'held-out',
  language: 'ko',
  accuracy,
  target_wr: wr,
  target_wr_rewarded: wr,
  en_wr: 1 - wr,
  n: 100,
});

test('the fidelity price is accuracy lost per point of Target WR kept', () => {
  const lost = findings(run([{ step: 1 }], [point(0, 0.3, 0.9), point(60, 0.9, 0)]));
  const kept = findings(run([{ step: 1 }], [point(0, 0.3, 0.9), point(60, 0.5, 0.8)]));
  assert.ok(Math.abs(fidelityPrice(lost, kept)! - 0.4 / 0.8) < 1e-12);
  assert.equal(fidelityPrice(kept, kept), null, 'nothing kept, no price');
});

test('before and after are the first and last evaluation of the first language', () => {
  const f = findings(
    run([{ step: 60 }], [point(60, 0.9, 0.1), point(0, 0.3, 0.9), { ...point(60, 1, 1), language: 'en' }]),
  );
  assert.equal(f.before?.accuracy, 0.3);
  assert.equal(f.after?.accuracy, 0.9);
  assert.equal(f.steps, 60);
});
