import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { NativeEngine } from '../../src/engine/binding.js';
import { lossTable, type LossSettings } from '../../src/engine/index.js';
import { loadBinding } from '../../src/engine/load.js';
import { ragged, TINY } from './tiny.js';

describe('the losses', () => {
  let engine: NativeEngine;
  before(async () => {
    engine = await loadBinding().binding.createEngine(TINY.config, 3n, { threads: 1 });
  });
  after(() => engine.dispose());

  const step = (loss: LossSettings) =>
    engine.grpoStep({
      prompts: ragged([1, 2], [3]),
      completions: ragged([4, 5], [7, 8, 9]),
      advantages: Float32Array.of(1, -1),
      // The model's are near -4.16: ratios below, above and within every bound, in both rows.
      oldLogps: Float32Array.of(-4.3, -5, -3.8, -3, -4.6),
      refLogps: new Float32Array(5).fill(-4.5),
      loss,
      temperature: 1,
      maxCompletionLength: 8,
      learningRate: 0,
    });

  it('come with the addon by TRL’s names, and each makes a step', async () => {
    const names = lossTable().map(({ name }) => name);
    assert.deepEqual(names, ['grpo', 'bnpo', 'dr_grpo', 'dapo', 'luspo', 'rloo', 'cispo', 'sapo', 'vespo']);
    const losses = new Map<string, number>();
    for (const { name, needs } of lossTable()) {
      // The product of these ratios is far beyond the usual range, where there is no gradient.
      const wide = name === 'rloo' && { epsilon: 0.999, epsilon_high: 1e6 };
      const metrics = await step({ loss_type: name, ...(needs !== null && { [needs]: 5 }), ...wide });
      assert.ok(metrics.gradNorm > 0 && Number.isFinite(metrics.loss), name);
      assert.equal(metrics.policyLoss, metrics.loss);
      losses.set(name, metrics.loss);
    }
    assert.equal(losses.get('bnpo'), losses.get('dapo'));
    assert.equal(new Set(losses.values()).size, names.length - 1);
  });

  it('answer to every setting that they say they read', async () => {
    const other: Record<string, Partial<LossSettings>> = {
      importance_sampling_level: { importance_sampling_level: 'sequence' },
      epsilon: { epsilon: 0.9 },
      epsilon_high: { epsilon_high: 0.01 },
      delta: { delta: 1.001 },
    };
    for (const { name, reads, needs } of lossTable()) {
      const base: LossSettings = { loss_type: name, epsilon: 0.1, epsilon_high: needs === null ? 0.1 : 1.1 };
      const before = await step(base);
      for (const setting of reads) {
        const changed = await step({ ...base, ...(other[setting] ?? { [setting]: 0.7 }) });
        const same = changed.loss === before.loss && changed.gradNorm === before.gradNorm;
        assert.ok(!same, `${name} does not read ${setting}`);
      }
    }
  });

  it('take a KL, a bonus and the masks', async () => {
    const plain = await step({ loss_type: 'dapo' });
    const bonus = await step({ loss_type: 'dapo', entropy_coef: 0.1 });
    assert.equal(bonus.policyLoss, plain.loss);
    assert.ok(Math.abs(bonus.loss - (plain.loss - 0.1 * plain.entropy)) < 1e-7);
    const [k1, k2, k3] = await Promise.all(
      (['k1', 'k2', 'k3'] as const).map((kl_estimator) => step({ loss_type: 'dapo', beta: 0.5, kl_estimator })),
    );
    assert.equal(new Set([k1!.kl, k2!.kl, k3!.kl]).size, 3);
    assert.ok(k2!.kl > 0 && k3!.kl > 0);
    for (const loss of [
      { use_bias_correction_kl: true, beta: 0.5 },
      { top_entropy_quantile: 0.3 },
      { off_policy_mask_threshold: 1e-6 },
    ])
      assert.notEqual((await step({ loss_type: 'dapo', ...loss })).gradNorm, plain.gradNorm);
  });

  it('stand in docs/losses.md, one row each, in the order of the table', () => {
    const page = readFileSync(new URL('../../docs/losses.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \|.*$/gm)].slice(1);
    assert.deepEqual(
      rows.map(([, name]) => name),
      lossTable().map(({ name }) => name),
    );
    for (const [text, name] of rows) {
      const { reads } = lossTable().find((loss) => loss.name === name)!;
      for (const setting of reads)
        assert.ok(
          setting === 'importance_sampling_level' || text.includes(setting) || text.includes('the same'),
          `${name}: ${setting}`,
        );
    }
  });
});
