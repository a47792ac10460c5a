import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { planSweep, readSweepFile, type SweepRecord } from '../../src/sweep/index.js';
import { sweepFile } from './sweep_file.js';

const BASE = { model: { lab: {} }, rewards: [{ name: 'accuracy' }, { name: 'language', weight: 0.5 }] };

async function planned(content: Record<string, unknown>): Promise<SweepRecord> {
  const { root, path } = await sweepFile({ base: BASE, ...content });
  try {
    return (await planSweep(await readSweepFile(path), `${root}/out`)).record;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const column = (record: SweepRecord, setting: string) => record.runs.map(({ values }) => values[setting]);

describe('a grid', () => {
  it('has every combination of arms, axes and seeds once', async () => {
    const { runs } = await planned({
      axes: {
        'grpo.temperature': [0.7, 1, 1.3],
        'optimizer.learning_rate': { from: 1e-5, to: 1e-3, count: 3, spacing: 'log' },
      },
      seeds: 4,
      arms: [{ name: 'plain', set: { 'rewards.1.weight': 0 } }, { name: 'rewarded' }],
    });
    assert.equal(runs.length, 2 * 3 * 3 * 4);
    assert.equal(new Set(runs.map(({ arm, seed, values }) => JSON.stringify([arm, seed, values]))).size, runs.length);
    assert.equal(new Set(runs.map(({ name }) => name.toLowerCase())).size, runs.length);
    assert.deepEqual(
      runs.map(({ index }) => index),
      runs.map((_, i) => i),
    );
    const rates = [...new Set(runs.map(({ values }) => values['optimizer.learning_rate']))];
    assert.deepEqual(rates, [1e-5, 1e-4, 1e-3]);
    assert.deepEqual([...new Set(runs.map(({ seed }) => seed))], [1, 2, 3, 4]);
    assert.deepEqual(runs[0]!.settings, {
      'rewards.1.weight': 0,
      'grpo.temperature': 0.7,
      'optimizer.learning_rate': 1e-5,
      seed: 1,
    });
    assert.equal(runs[0]!.name, 'plain-temperature=0.7-learning_rate=1e-5-seed=1');
  });

  it('leaves out what skip names, and an axis where its condition does not hold', async () => {
    const { runs } = await planned({
      axes: {
        'grpo.temperature': [0.7, 1],
        'rewards.1.weight': { values: [0.5, 1, 2], when: { arm: 'rewarded' } },
      },
      arms: [{ name: 'plain', set: { rewards: [{ name: 'accuracy' }] } }, { name: 'rewarded' }],
      skip: [{ arm: 'rewarded', 'grpo.temperature': 0.7, 'rewards.1.weight': [1, 2] }],
    });
    // Plain: one for each temperature. Rewarded: 2 x 3, less two.
    assert.equal(runs.filter(({ arm }) => arm === 'plain').length, 2);
    assert.equal(runs.filter(({ arm }) => arm === 'rewarded').length, 2 * 3 - 2);
    assert.ok(runs.every(({ arm, values }) => (arm === 'rewarded') === 'rewards.1.weight' in values));
  });

  it('names runs by the shortest end of a setting that tells, values that are no words by their place', async () => {
    const { runs } = await planned({
      axes: {
        'rewards.0.weight': [1],
        'rewards.1.weight': [0, 1],
        'grpo.loss_type': { values: ['dapo', 'grpo'], name: 'loss' },
        data: [{ train: [{ lab: { language: 'ko' } }] }, { train: [{ lab: { language: 'en' } }] }],
      },
    });
    assert.equal(runs[0]!.name, 'rewards.0.weight=1-rewards.1.weight=0-loss=dapo-data=v1');
    assert.equal(runs[1]!.name, 'rewards.0.weight=1-rewards.1.weight=0-loss=dapo-data=v2');
    assert.ok(runs.every(({ name }) => /^[\w.+=-]{1,150}$/.test(name)));
  });
});

describe('a list', () => {
  it('takes its axes side by side', async () => {
    const record = await planned({
      method: 'list',
      axes: { 'grpo.temperature': [0.7, 1, 1.3], 'optimizer.learning_rate': [1e-4, 2e-4, 2e-4] },
      seeds: [7, 9],
    });
    assert.equal(record.runs.length, 6);
    assert.deepEqual(column(record, 'grpo.temperature'), [0.7, 0.7, 1, 1, 1.3, 1.3]);
    assert.deepEqual(column(record, 'optimizer.learning_rate'), [1e-4, 1e-4, 2e-4, 2e-4, 2e-4, 2e-4]);
  });
});

const DRAWN = {
  'grpo.temperature': { uniform: [0.5, 1.5] },
  'optimizer.learning_rate': { log: [1e-6, 1e-2] },
  'grpo.prompts_per_step': { int: [1, 8] },
  'grpo.loss_type': ['dapo', 'grpo'],
};

describe('a Latin hypercube', () => {
  for (const samples of [1, 7, 64]) {
    it(`of ${String(samples)} has one sample in each of as many equal parts of every axis`, async () => {
      const record = await planned({ method: 'latin_hypercube', samples, axes: DRAWN, sampling_seed: 3 });
      assert.equal(record.runs.length, samples);
      const all = Array.from({ length: samples }, (_, i) => i);
      const strata = (setting: string, share: (value: number) => number) =>
        column(record, setting)
          .map((value) => Math.floor(share(value as number) * samples))
          .sort((a, b) => a - b);
      assert.deepEqual(
        strata('grpo.temperature', (value) => value - 0.5),
        all,
      );
      assert.deepEqual(
        strata('optimizer.learning_rate', (value) => (Math.log10(value) + 6) / 4),
        all,
      );
      // Of k values each as often as there are parts for it: n / k where that is whole, else the parts that it meets.
      for (const [setting, kinds] of [
        ['grpo.prompts_per_step', 8],
        ['grpo.loss_type', 2],
      ] as const) {
        const counts = new Map<unknown, number>();
        for (const value of column(record, setting)) counts.set(value, (counts.get(value) ?? 0) + 1);
        for (const times of counts.values())
          assert.ok(
            Math.abs(times - samples / kinds) < (samples % kinds === 0 ? 1 : 2),
            `${setting}: ${String(times)}`,
          );
      }
    });
  }
});

describe('random draws', () => {
  it('lie within their ranges, spread as they should, and are the same at each call', async () => {
    const content = { method: 'random', samples: 400, axes: DRAWN };
    const record = await planned(content);
    const names = ({ runs }: SweepRecord) => runs.map(({ name, settings }) => ({ name, settings }));
    assert.deepEqual(names(await planned(content)), names(record));
    const temperatures = column(record, 'grpo.temperature') as number[];
    assert.ok(temperatures.every((value) => value >= 0.5 && value < 1.5));
    // The mean of 400 uniform draws is within 4 standard errors (1 / sqrt(12 x 400)).
    const mean = temperatures.reduce((sum, value) => sum + value, 0) / temperatures.length;
    assert.ok(Math.abs(mean - 1) < 4 / Math.sqrt(12 * 400), String(mean));
    const rates = column(record, 'optimizer.learning_rate') as number[];
    assert.ok(rates.every((value) => value >= 1e-6 && value < 1e-2));
    const below = rates.filter((value) => value < 1e-4).length;
    assert.ok(Math.abs(below - 200) < 4 * Math.sqrt(400 / 4), String(below));
    assert.deepEqual(
      [...new Set(column(record, 'grpo.prompts_per_step') as number[])].sort(),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
  });

  it('stay what they were when samples or axes are added, and are others with another seed', async () => {
    const axes = { 'grpo.temperature': DRAWN['grpo.temperature'] };
    const few = column(await planned({ method: 'random', samples: 5, axes }), 'grpo.temperature');
    const more = column(await planned({ method: 'random', samples: 9, axes: DRAWN }), 'grpo.temperature');
    assert.deepEqual(more.slice(0, 5), few);
    const others = column(await planned({ method: 'random', samples: 5, axes, sampling_seed: 1 }), 'grpo.temperature');
    assert.ok(others.every((value) => !few.includes(value)));
  });

  it('that come out the same are one run', async () => {
    const { runs } = await planned({
      method: 'random',
      samples: 100,
      axes: { 'grpo.loss_type': ['dapo', 'grpo'] },
      seeds: 2,
    });
    assert.equal(runs.length, 4);
  });
});
