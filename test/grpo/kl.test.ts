import assert from 'node:assert/strict';
import { test } from 'node:test';
import { klEstimate } from '../../src/grpo/index.js';

test('k1 and k3 have the KL as their mean, and k3 is never below 0', () => {
  const [policy, reference] = [
    [0.7, 0.2, 0.1],
    [0.3, 0.3, 0.4],
  ];
  const exact = policy.reduce((sum, p, i) => sum + p * Math.log(p / reference[i]!), 0);
  for (const estimator of ['k1', 'k3'] as const) {
    const values = policy.map((p, i) => klEstimate(estimator, Math.log(p), Math.log(reference[i]!)));
    const mean = values.reduce((sum, value, i) => sum + policy[i]! * value, 0);
    assert.ok(Math.abs(mean - exact) < 1e-12, estimator);
    if (estimator === 'k3') assert.ok(values.every((value) => value >= 0));
  }
  assert.equal(klEstimate('k2', -1, -3), 2);
  assert.equal(klEstimate('k3', -1, -1), 0);
});
