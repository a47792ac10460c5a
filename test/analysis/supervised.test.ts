import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compareRuns, summaryOf } from '../../src/analysis/index.js';
import { comparisonText } from '../../src/cli/comparison_text.js';
import { listRuns } from '../../src/cli/runs_list.js';
import { runsTable } from '../../src/cli/runs_table.js';
import type { MetricsLine } from '../../src/run/index.js';
import { makeRun } from '../report/runs.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-supervised-'));
  const run = (name: string, rate: number, losses: number[], heldOut: Record<number, number>) =>
    makeRun(join(root, 'sft', name), {
      languages: ['ko'],
      config: {
        ...{
          model: { path: '/m' },
          optimizer: { learning_rate: rate },
          grpo: { max_steps: 100, num_generations: rate },
        },
        sft: { max_steps: 5, eval: [{ name: 'held' }] },
      },
      metrics: [0, ...losses].map((loss, step): MetricsLine => ({
        step,
        ...(step > 0 && { loss, mean_token_accuracy: step / 8, entropy: 1 }),
        ...(heldOut[step] !== undefined && {
          'eval_held/loss': heldOut[step],
          'eval_held/perplexity': Math.exp(heldOut[step]),
          'eval_held/entropy': 1.5,
        }),
      })),
    });
  await run('a', 1, [4, 3, 2.5, 2, 1.5], { 0: 4.5, 3: 2.25, 4: 3 });
  await run('b', 2, [4, 2, 1], { 0: 4.5, 2: 2 });
  await makeRun(join(root, 'grpo'), {
    languages: ['ko'],
    config: { model: { path: '/m' }, grpo: { max_steps: 3 } },
    metrics: [1, 2, 3].map((step) => ({ step, accuracy: 0.5, loss: 0.01 })),
  });
});
after(() => rm(root, { recursive: true, force: true }));

const read = (record: { config: unknown }) => record.config;
const compare = (a: string, b: string, step?: number) =>
  compareRuns([join(root, a), join(root, b)], { read, ...(step !== undefined && { step }) });

test('a summary of supervised fine-tuning has the least held-out loss as its best, and no word ratios', async () => {
  const { method, steps, best, target_wr_rewarded: words, final } = await summaryOf(join(root, 'sft', 'a'));
  // Made up by hand, without a checkpoint.
  assert.deepEqual([method, steps], ['sft', { made: 5, planned: 5, final: null }]);
  assert.deepEqual(best, { 'eval_held/loss': { step: 3, value: 2.25 } });
  assert.deepEqual(words, {});
  assert.equal(final['eval_held/loss'], 3);
  assert.equal((await summaryOf(join(root, 'grpo'))).method, 'grpo');
});

test('the list has its loss and held-out losses, also where the last step was not measured', async () => {
  const list = await listRuns(join(root, 'sft'), { where: ['eval_held/loss<2.5'] });
  assert.deepEqual(
    list.runs.map(({ path, method, held_out: sets }) => [path, method, sets]),
    [['b', 'sft', [{ set: 'held', step: 2, loss: 2, perplexity: Math.exp(2) }]]],
  );
  const all = runsTable(await listRuns(join(root, 'sft'), { where: [], sort: 'path' }), root, Infinity);
  const [head, a, b] = all.split('\n');
  assert.match(head!, /^run +state +step +loss +token accuracy +held-out loss +last evaluation/);
  assert.match(a!, /^a +finished +5\/5 +1\.5 +62\.5 % +held 3 at 4 /);
  assert.match(b!, /^b +finished +3\/5 +1 +37\.5 % +held 2 at 2 /);
  const grpo = runsTable(await listRuns(join(root, 'grpo'), { where: [] }), root, Infinity);
  assert.match(grpo, /^run +state +step +accuracy +target words/);
  assert.doesNotMatch(grpo, /loss/);
});

test('two such runs are compared by their held-out losses and their own curves, and grpo counts for nothing', async () => {
  const comparison = await compare('sft/a', 'sft/b');
  assert.deepEqual(
    comparison.settings.map(({ what }) => what),
    ['optimizer.learning_rate'],
  );
  assert.deepEqual(comparison.held_out, [
    {
      set: 'held',
      step: { a: 4, b: 2 },
      figures: [
        { figure: 'loss', a: 3, b: 2 },
        { figure: 'perplexity', a: Math.exp(3), b: Math.exp(2) },
        { figure: 'entropy', a: 1.5, b: 1.5 },
      ],
    },
  ]);
  assert.deepEqual((await compare('sft/a', 'sft/b', 0)).held_out[0]!.figures[0], { figure: 'loss', a: 4.5, b: 4.5 });
  assert.deepEqual((await compare('sft/a', 'sft/b', 3)).held_out, []);
  assert.deepEqual(
    comparison.curves.map(({ name }) => name),
    ['loss', 'mean_token_accuracy', 'entropy'],
  );
  assert.equal(comparison.first_difference?.step, 2);
  const text = comparisonText(comparison);
  assert.match(text, /A +\S+: supervised fine-tuning, finished, step 5 of 5/);
  assert.match(text, /held-out set held, after step 4 \(A\) and 2 \(B\)\n.*\n +loss +3 +2 +-1\n/);
  assert.match(text, /examples at step 3 +A +B\n +loss +2\.5 +1\n/);
  assert.doesNotMatch(text, /training prompts|no held-out/);
});

test('steps of GRPO and of supervised fine-tuning are not compared', async () => {
  const comparison = await compare('sft/a', 'grpo');
  assert.deepEqual([comparison.last, comparison.curves, comparison.first_difference], [null, [], null]);
  assert.match(
    comparisonText(comparison),
    /one is of GRPO, the other of supervised fine-tuning: their steps are not compared\n$/,
  );
});
