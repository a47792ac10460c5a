import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Levers, type GradedGeneration, type Lever } from '../../src/levers/index.js';

const generation = {
  rewards: { names: ['accuracy'], weights: [1], rows: [[1], [0]] },
  lossMask: Uint8Array.of(1, 1),
} as unknown as GradedGeneration;

describe('levers', () => {
  it('each get what the one before made, and their metrics come together', () => {
    const halve: Lever = {
      name: 'halve',
      afterGrading: ({ rewards }) => ({
        rewards: { ...rewards, weights: rewards.weights.map((weight) => weight / 2) },
        metrics: { reward: 7 },
      }),
    };
    const drop: Lever = {
      name: 'drop',
      afterGrading: ({ rewards }) => ({
        lossMask: Uint8Array.from(rewards.rows, ([value]) => (value! * rewards.weights[0]! > 0.1 ? 1 : 0)),
        metrics: { entropy: 3 },
      }),
    };
    const { rewards, lossMask, metrics } = new Levers([halve, halve, drop]).afterGrading(generation);
    assert.deepEqual(rewards.weights, [0.25]);
    assert.deepEqual(lossMask, Uint8Array.of(1, 0));
    assert.deepEqual(metrics, { reward: 7, entropy: 3 });
  });

  it('keep a state by name, those that have one', () => {
    let steps = 0;
    const counter: Lever = {
      name: 'counter',
      afterGeneration: (lines) => void (steps += lines.length),
      state: () => ({ steps }),
    };
    const levers = new Levers([{ name: 'none' }, counter]);
    levers.afterGeneration([{ step: 1 }, { step: 2 }]);
    assert.deepEqual(levers.state(), { counter: { steps: 2 } });
    assert.equal(new Levers([{ name: 'none' }]).state(), undefined);
  });
});
