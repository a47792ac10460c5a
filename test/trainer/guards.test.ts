import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { computeAdvantages } from '../../src/grpo/index.js';
import type { Collected } from '../../src/trainer/collect.js';
import { guardRewards } from '../../src/trainer/guards.js';

const config = parseConfig('model: { lab: {} }\ndata: { train: [{ lab: {} }] }\ngrpo: { max_completion_length: 64 }', {
  path: 'run.yaml',
  sets: [],
});

/** A batch of one group with these rewards, summed with these weights. */
function guard(rewards: (number | null)[][], weights: number[], step = 1, before = 0) {
  const warnings: string[] = [];
  const settings = { scaleRewards: 'group', multiObjectiveAggregation: 'sum_then_normalize' } as const;
  const advantages = computeAdvantages(rewards, { numGenerations: rewards.length, weights, ...settings });
  const graded = rewards.map((row) => ({ rewards: row, errors: [] }));
  const batch = { graded, advantages } as unknown as Collected;
  const result = guardRewards(batch, before, config, step, (message) => warnings.push(message));
  return { ...result, warnings };
}

test('rewards whose sum no float32 holds stop the run by name', () => {
  for (const [rewards, weights] of [
    [
      [3e38, 3e38],
      [1, 1],
    ],
    [
      [1, 0],
      [1e39, 1],
    ],
    [
      [1e300, 1],
      [1, 1],
    ],
    [
      [-3e38, -3e38],
      [1, 1],
    ],
  ] as const) {
    assert.throws(() => guard([[...rewards], [0, 0]], [...weights]), {
      code: 'NONFINITE',
      message: /have no sum and advantage in float32/,
    });
  }
  assert.throws(
    () =>
      guard(
        [
          [Infinity, 1],
          [-Infinity, 1],
        ],
        [1, 1],
      ),
    { code: 'NONFINITE' },
  );
});

test('where levers.drop leaves nothing, the warning says so and does not blame gold answers', () => {
  const settings = { ...config, levers: { drop: { below: 0.5, statistics: 'kept' } } } as typeof config;
  const advantages = computeAdvantages([[null], [null]], {
    ...{ numGenerations: 2, weights: [1], scaleRewards: 'group', multiObjectiveAggregation: 'sum_then_normalize' },
  });
  const told = (lossMask: number[]) => {
    const warnings: string[] = [];
    const graded = lossMask.map(() => ({ rewards: [null], errors: [] }));
    const batch = { graded, advantages, lossMask: Uint8Array.from(lossMask) } as unknown as Collected;
    guardRewards(batch, 0, settings, 1, (message) => warnings.push(message));
    return warnings.join();
  };
  assert.match(told([0, 0]), /step 1: levers\.drop left no completion: .* below 0\.5 in all of them/);
  assert.doesNotMatch(told([0, 0]), /gold/);
  assert.match(told([0, 1]), /no reward judged any completion/);
});

test('completions that nothing judged are not rewards of 0', () => {
  const first = guard([[null], [null]], [1]);
  assert.equal(first.zeroRewardSteps, 0);
  assert.match(first.warnings[0]!, /step 1: no reward judged any completion/);
  assert.deepEqual(guard([[null], [null]], [1], 2).warnings, []);
  assert.equal(guard([[0], [null]], [1], 2, 1).zeroRewardSteps, 2);
  assert.equal(guard([[0], [1]], [1], 2, 1).zeroRewardSteps, 0);
});
