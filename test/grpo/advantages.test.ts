import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { computeAdvantages } from '../../src/grpo/index.js';
import type { AdvantageSettings } from '../../src/grpo/types.js';
import { GOLDEN_CASES } from '../shared.js';

const settings = (more: Partial<AdvantageSettings> = {}): AdvantageSettings => ({
  numGenerations: 4,
  weights: [1],
  scaleRewards: 'group',
  multiObjectiveAggregation: 'sum_then_normalize',
  ...more,
});
const column = (...values: (number | null)[]): (number | null)[][] => values.map((value) => [value]);

interface GoldenFile {
  rewards_per_func: (number | null)[][];
  reward_weights: number[];
  num_generations: number;
  cases: {
    multi_objective_aggregation: AdvantageSettings['multiObjectiveAggregation'];
    scale_rewards: AdvantageSettings['scaleRewards'];
    advantages: number[];
    frac_reward_zero_std: number;
  }[];
}

test('advantages of TRL 1.13', () => {
  const file = JSON.parse(readFileSync(join(GOLDEN_CASES, 'advantages.json'), 'utf8')) as GoldenFile;
  for (const expected of file.cases) {
    const result = computeAdvantages(file.rewards_per_func, {
      numGenerations: file.num_generations,
      weights: file.reward_weights,
      scaleRewards: expected.scale_rewards,
      multiObjectiveAggregation: expected.multi_objective_aggregation,
    });
    const name = `${expected.multi_objective_aggregation}, ${expected.scale_rewards}`;
    assert.equal(result.advantages.length, expected.advantages.length);
    expected.advantages.forEach((value, row) => {
      const difference = Math.abs(result.advantages[row]! - value);
      // TRL computes in float32, so the cases themselves carry about 1e-6.
      assert.ok(difference <= 1e-6, `${name}: row ${row} is ${result.advantages[row]}, expected ${value}`);
    });
    assert.ok(Math.abs(result.fracRewardZeroStd - expected.frac_reward_zero_std) < 1e-12, name);
  }
});

test('a group by hand: two right of four', () => {
  const { advantages, rewardMean, rewardStd } = computeAdvantages(column(1, 0, 1, 0), settings());
  const std = Math.sqrt(1 / 3);
  assert.ok(Math.abs(advantages[0]! - 0.5 / (std + 1e-4)) < 1e-6);
  assert.equal(advantages[1], -advantages[0]!);
  assert.equal(rewardMean, 0.5);
  assert.ok(Math.abs(rewardStd - std) < 1e-12);
});

test('a group that nobody judged has advantage 0 and moves nothing else', () => {
  const { rewards, advantages, rewardMean } = computeAdvantages(column(null, null, null, null, 1, 0, 0, 1), settings());
  assert.deepEqual([...advantages.slice(0, 4)], [0, 0, 0, 0]);
  assert.ok(Number.isNaN(rewards[0]));
  assert.equal(rewardMean, 0.5);
});

test('one judged completion in a group has nothing to be compared with', () => {
  const { advantages, fracRewardZeroStd } = computeAdvantages(column(null, 1, null, null), settings());
  assert.deepEqual([...advantages], [0, 0, 0, 0]);
  assert.equal(fracRewardZeroStd, 0); // its deviation is unknown, not zero
});

test('a null is left out, a zero is not', () => {
  const withNull = computeAdvantages(column(1, 1, null, 1), settings({ scaleRewards: 'none' }));
  const withZero = computeAdvantages(column(1, 1, 0, 1), settings({ scaleRewards: 'none' }));
  assert.deepEqual([...withNull.advantages], [0, 0, 0, 0]);
  assert.deepEqual([...withZero.advantages], [0.25, 0.25, -0.75, 0.25]);
});

test('equal rewards give exactly 0, whatever their rounding', () => {
  fc.assert(
    fc.property(fc.double({ min: -10, max: 10, noNaN: true }), fc.integer({ min: 2, max: 9 }), (value, n) => {
      for (const scaleRewards of ['group', 'batch', 'none'] as const) {
        const { advantages, fracRewardZeroStd } = computeAdvantages(
          column(...new Array<number>(n).fill(value)),
          settings({ numGenerations: n, scaleRewards }),
        );
        assert.ok(advantages.every((advantage) => advantage === 0));
        assert.equal(fracRewardZeroStd, 1);
      }
    }),
  );
});

test('advantages of a fully judged group sum to 0', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 8, maxLength: 8 }), (values) => {
      const { advantages } = computeAdvantages(column(...values), settings());
      const sum = advantages.slice(0, 4).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum) < 1e-5, `${sum}`);
    }),
  );
});

test('shapes that do not fit are refused', () => {
  assert.throws(() => computeAdvantages(column(1, 0, 1), settings()), { code: 'ADVANTAGE_SHAPE' });
  assert.throws(() => computeAdvantages([[1, 2], [1], [1], [1]], settings()), { code: 'ADVANTAGE_SHAPE' });
});

interface RlooFile {
  rewards_per_func: (number | null)[][];
  reward_weights: number[];
  kl: number[];
  num_generations: number;
  cases: { beta: number; normalize_advantages: boolean; advantages: number[] }[];
}

test("rloo: the advantages of TRL's RLOOTrainer, with the KL in the reward and without", () => {
  const file = JSON.parse(readFileSync(join(GOLDEN_CASES, '../rloo.json'), 'utf8')) as RlooFile;
  for (const { beta, normalize_advantages: normalized, advantages } of file.cases) {
    const got = computeAdvantages(
      file.rewards_per_func,
      settings({
        ...{ estimator: 'rloo', weights: file.reward_weights, numGenerations: file.num_generations },
        ...{ scaleRewards: normalized ? 'batch' : 'none', penalties: file.kl.map((kl) => beta * kl) },
      }),
    ).advantages;
    assert.deepEqual(got, Float32Array.from(advantages), `${String(beta)} ${String(normalized)}`);
  }
});

test('reinforce takes the reward as it is, or less the mean of the generation; batch scaling normalises either alike', () => {
  const of = (more: Partial<AdvantageSettings>) =>
    computeAdvantages(column(1, 0, 3, null, 2, 0, 1, 1), settings({ scaleRewards: 'none', ...more })).advantages;
  assert.deepEqual(of({ estimator: 'reinforce' }), Float32Array.of(1, 0, 3, 0, 2, 0, 1, 1));
  const mean = 8 / 7;
  assert.deepEqual(
    of({ estimator: 'reinforce_batch' }),
    Float32Array.of(...[1, 0, 3].map((r) => r - mean), 0, ...[2, 0, 1, 1].map((r) => r - mean)),
  );
  const normalized = of({ estimator: 'reinforce', scaleRewards: 'batch' });
  const other = of({ estimator: 'reinforce_batch', scaleRewards: 'batch' });
  normalized.forEach((value, i) => assert.ok(Math.abs(value - other[i]!) < 1e-6));
});
