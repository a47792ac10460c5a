import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { armsOf, halve, metricAfter } from '../../src/sweep/halving.js';
import type { SweepRun } from '../../src/sweep/record.js';
import { sweepSchema } from '../../src/sweep/schema.js';

const halving = (settings: Record<string, unknown> = {}) =>
  sweepSchema.parse({ base: 'x', halving: { metric: 'reward', at: [2], ...settings } }).halving!;
const arms = (...values: (number | null)[]) => values.map((value, i) => ({ runs: [`run${String(i)}`], value }));
const kept = (decision: ReturnType<typeof halve>) => decision.kept.flatMap(({ runs }) => runs);

describe('successive halving', () => {
  it('keeps the best share, rounded up, at either end of the metric', () => {
    assert.deepEqual(kept(halve(arms(1, 5, 3, 2, 4), 2, halving())), ['run1', 'run2', 'run4']);
    assert.deepEqual(kept(halve(arms(1, 5, 3, 2, 4), 2, halving({ direction: 'min', keep: 0.25 }))), ['run0', 'run3']);
  });

  it('keeps the least losses and perplexities, and the greatest of all else, where nothing is said', () => {
    const best = (metric: string, settings = {}) => kept(halve(arms(1, 5), 2, halving({ metric, ...settings })));
    for (const metric of ['loss', 'eval_held/loss', 'eval_held/perplexity']) assert.deepEqual(best(metric), ['run0']);
    for (const metric of ['reward', 'eval_ko/accuracy', 'entropy']) assert.deepEqual(best(metric), ['run1']);
    assert.deepEqual(best('eval_held/loss', { direction: 'max' }), ['run1']);
  });

  it('puts arms without the metric last, and equal ones in their order', () => {
    assert.deepEqual(kept(halve(arms(null, 0, 0, 0), 2, halving())), ['run1', 'run2']);
  });

  it('comes to the same decision again, and keeps to it when arms are added', () => {
    const first = halve(arms(1, 5, 3, 2), 2, halving());
    assert.deepEqual(halve(arms(1, 5, 3, 2), 2, halving(), [first]), first);
    const more = halve(arms(1, 5, 3, 2, 9, 0), 2, halving(), [first]);
    assert.deepEqual(kept(more), ['run1', 'run2', 'run4']);
  });

  it('compares arms by the mean over their seeds, and seeds of one arm together', () => {
    const run = (index: number, seed: number, value: number) =>
      ({ index, seed, arm: null, values: { 'grpo.temperature': value }, name: String(index) }) as unknown as SweepRun;
    const groups = armsOf([run(0, 1, 0.7), run(1, 2, 0.7), run(2, 1, 1), run(3, 2, 1)]);
    assert.deepEqual(
      groups.map((group) => group.map(({ name }) => name)),
      [
        ['0', '1'],
        ['2', '3'],
      ],
    );
  });

  it('reads the metric up to the step, over as many lines as asked', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'glossa-halving-'));
    const lines = [0.1, 0.2, null, 0.4, 0.8].map((reward, i) => JSON.stringify({ step: i + 1, reward }));
    await writeFile(join(dir, 'metrics.jsonl'), `${lines.join('\n')}\n`);
    const run = { dir } as SweepRun;
    assert.equal(await metricAfter(run, 4, halving()), 0.4);
    assert.equal(await metricAfter(run, 3, halving()), 0.2);
    assert.ok(Math.abs((await metricAfter(run, 4, halving({ window: 2 })))! - 0.3) < 1e-12);
    assert.equal(await metricAfter(run, 5, halving({ metric: 'accuracy' })), null);
    await rm(dir, { recursive: true });
  });
});
