import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { originOf, sameOrigin } from '../../src/data/index.js';
import { withOrigin } from '../../src/data/origin.js';
import { Levers, openLevers, type GradedGeneration, type Lever } from '../../src/levers/index.js';

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

describe('a lever', () => {
  it('may make a problem anew, which is from the same file', () => {
    const origin = { file: 'a.jsonl', line: 7 };
    const problem = withOrigin({ id: 'a', question: 'q', answer: '1', language: 'ko' }, origin);
    const copy = { ...problem };
    assert.equal(originOf(copy), undefined);
    assert.deepEqual(originOf(sameOrigin(copy, problem)), origin);
    const other = withOrigin({ ...problem }, { file: 'b.jsonl', line: 1 });
    assert.equal(originOf(sameOrigin(other, problem))!.file, 'b.jsonl');
  });

  it('keeps to new bounds of the multiplier, of a run that goes on with them', () => {
    const config = parseConfig(
      'model: { lab: {} }\nrewards: [{ name: language }]\nlevers: { constraint: { target: 0.9, min: 0.1, max: 0.2 } }',
      { path: 'run.yaml', sets: [] },
    );
    const multiplier = (was: number) => {
      const state = openLevers(config, { constraint: { multiplier: was, ratios: [], warned: false } }).state();
      return (state!['constraint'] as { multiplier: number }).multiplier;
    };
    assert.deepEqual([3, 0, 0.15].map(multiplier), [0.2, 0.1, 0.15]);
  });
});
