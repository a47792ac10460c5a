import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { summaryOf } from '../../src/analysis/index.js';
import { halfLife } from '../../src/analysis/half_life.js';
import type { MetricsLine } from '../../src/run/index.js';
import { evaluation, makeRun } from '../report/runs.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-summary-'));
});
after(() => rm(root, { recursive: true, force: true }));

const rewarded = [1, 1, 0.9, 0.8, 0.7, 0.5, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
const lines: MetricsLine[] = [
  { step: 0, 'eval_m/accuracy': 0.2, 'time/evaluate': 3 },
  ...rewarded.map((value, i): MetricsLine => ({
    step: i + 1,
    reward: i === 3 ? null : i,
    'language/rewarded/target_wr': value,
    step_time: 2,
    'time/generate': i % 2 === 0 ? 1 : 0,
    'tokens/generate_per_s': i % 2 === 0 ? 100 + i : null,
    'time/train': 1 + i,
    'tokens/train_per_s': 10 * (i + 1),
    'percent_of_peak/train': i === 0 ? null : 50,
    ...(i === 9 && { 'eval_m/accuracy': 0.6 }),
    ...(i === 13 && { 'eval_m/accuracy': 0.5 }),
  })),
];

test('a summary has the last values, the best, the collapse, rates and times of a run', async () => {
  const dir = join(root, 'run');
  await makeRun(dir, {
    languages: ['ko'],
    status: 'interrupted',
    config: { model: { path: 'models/x' }, grpo: { max_steps: 20 } },
    metrics: lines,
    evaluations: [
      evaluation([10, 'm', 'ko'], { accuracy: 0.6 }),
      evaluation([14, 'm', 'ko'], { accuracy: 0.5 }),
      evaluation([14, 'other', 'ko'], { accuracy: 0.1 }),
      evaluation([2, 'early', 'ko'], { accuracy: 0.3 }),
    ],
  });
  const summary = await summaryOf(dir);
  assert.equal(summary.status, 'interrupted');
  assert.deepEqual(summary.steps, { made: 14, planned: 20, final: null });
  assert.deepEqual(summary.final, { 'eval_m/accuracy': 0.5, reward: 13, 'language/rewarded/target_wr': 0.1 });
  assert.deepEqual(summary.best, { reward: { step: 14, value: 11 }, 'eval_m/accuracy': { step: 10, value: 0.6 } });
  // Means of five: 1, 1, 0.967, 0.925, 0.88, 0.78, 0.64, 0.5, 0.36, ..., 0.1.
  const { start, end, collapse_step: step, half_life: half } = summary.target_wr_rewarded['ko']!;
  assert.deepEqual(start, { step: 1, value: 1 });
  assert.equal(end!.step, 14);
  assert.equal(step, 9);
  assert.equal(half, 7);
  assert.deepEqual(
    summary.evaluations.map(({ suite, step: at }) => [suite, at]),
    [
      ['early', 2],
      ['m', 14],
      ['other', 14],
    ],
  );
  assert.equal(summary.throughput.sampled_per_s, (100 + 102 + 104 + 106 + 108 + 110 + 112) / 7);
  const weights = rewarded.map((_, i) => i + 1);
  const [all, squares] = [weights.reduce((a, b) => a + b, 0), weights.reduce((a, b) => a + b * b, 0)];
  assert.equal(summary.throughput.trained_per_s, (10 * squares) / all);
  assert.equal(summary.throughput.training_percent_of_peak, 50);
  assert.equal(summary.throughput.sampling_percent_of_peak, null);
  assert.deepEqual(
    [summary.time.steps, summary.time.generate, summary.time.train, summary.time.evaluate],
    [28, 7, all, 3],
  );
});

test('a run that has made nothing has a summary too', async () => {
  const dir = join(root, 'nothing');
  await makeRun(dir, { status: 'failed' });
  const summary = await summaryOf(dir);
  assert.deepEqual(summary.steps, { made: 0, planned: null, final: null });
  assert.deepEqual([summary.final, summary.best, summary.evaluations], [{}, {}, []]);
  assert.equal(summary.throughput.trained_per_s, null);
  await assert.rejects(summaryOf(join(root, 'no run')), { code: 'RUN_NOT_FOUND' });
});

test('a half-life counts from the start to half of what is lost, and small falls have none', () => {
  const points = (...values: (number | null)[]) => values.map((value, i) => ({ step: i + 1, value }));
  assert.equal(halfLife(points(1, 0)), 1);
  assert.equal(halfLife(points(0.5, 0.45, 0.42, 0.41)), null);
  assert.equal(halfLife(points(null, null)), null);
  assert.equal(halfLife(points()), null);
  // It rises first: the fall is counted from the start of the curve.
  assert.equal(halfLife(points(0, 1, 1, 1)), null);
});
