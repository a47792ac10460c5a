import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readRolloutFile } from '../../src/rollout/index.js';
import { runFolder, type EvaluationFile } from '../../src/run/index.js';
import { filesBelow, glossa, lastingMetrics, type Ended } from '../e2e/glossa.js';
import { tinyBase } from '../sweep/sweep_file.js';

/** What it gives depends on how often it was called before, so a call by an evaluation would change the training. */
const REMEMBERS = `let called = 0;
export const calls = 'batch';
export default (inputs) => {
  called++;
  return inputs.map((_, i) => called * ((i * 5 + called) % 7));
};
`;

describe('evaluation in training', () => {
  let root: string;
  let trained: Ended;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'glossa-eval-'));
    await writeFile(join(root, 'remembers.mjs'), REMEMBERS);
    // The lab's problems of one split are the same ones in each language, under the same ids.
    const suites = [
      { name: 'heldout', lab: { language: 'ko', split: 'test' }, limit: 6, num_samples: 4, temperature: 0.9 },
      { name: 'translated', lab: { language: 'en', split: 'train' }, limit: 5 },
    ];
    assert.equal((await train('without', [])).code, 0);
    trained = await train('with', suites);
    assert.equal(trained.code, 0, trained.stderr);
  });
  after(() => rm(root, { recursive: true, force: true }));

  /** Writes the config of a run and trains it. */
  async function train(name: string, suites: readonly object[], ...more: string[]): Promise<Ended> {
    const { data, checkpoint, ...base } = tinyBase(join(root, 'lab'));
    const config = {
      ...base,
      threads: 1,
      data: { ...data, eval: suites, on_leak: 'warn' },
      rewards: [{ name: 'accuracy' }, { name: 'remembers', module: join(root, 'remembers.mjs') }],
      eval: { every: 2 },
      checkpoint: { ...checkpoint, keep: 9 },
      run: { dir: join(root, name) },
    };
    const path = join(root, `${name}.yaml`);
    await writeFile(path, JSON.stringify(config));
    return glossa(['train', path, '--progress', 'plain', ...more]);
  }

  it('changes no bit of models, rollouts and metrics, whatever a reward remembers', async () => {
    const [plain, evaluated] = [join(root, 'without'), join(root, 'with')];
    for (const folder of ['checkpoints/000002', 'checkpoints/000004', 'rollouts']) {
      const [expected, got] = [await filesBelow(join(plain, folder)), await filesBelow(join(evaluated, folder))];
      assert.ok(expected.size > 0);
      assert.deepEqual([...got.keys()].sort(), [...expected.keys()].sort());
      // state.json seals the lines of metrics and the files of evaluations too.
      for (const [file, bytes] of expected)
        if (file !== 'state.json') assert.ok(got.get(file)!.equals(bytes), `${folder}/${file} differs`);
    }
    const metrics = await lastingMetrics(evaluated);
    const trainingOnly = metrics.map((line) =>
      Object.fromEntries(Object.entries(line).filter(([name]) => !name.startsWith('eval_'))),
    );
    // The evaluation of the start has a line of its own.
    assert.deepEqual(trainingOnly, [{ step: 0 }, ...(await lastingMetrics(plain))]);
    // It was asked in both: once a step in training, and of each suite after the steps that are evaluated.
    assert.equal(new Set(metrics.slice(1).map((line) => line['rewards/remembers/mean'])).size, 4);
    for (const suite of ['heldout', 'translated'])
      assert.equal(typeof metrics.at(-1)![`eval_${suite}/rewards/remembers/mean`], 'number');
    assert.equal(typeof metrics.at(-1)!['eval_heldout/pass@4'], 'number');
  });

  it('begins with a warning of translations of what is trained on, in --dry-run too, and of a suite without answers', async () => {
    const overlap =
      /warning: translated: 5 of 5 held-out problems are trained on too \(5 under the same id with the same answer, as translations are\)/;
    assert.match(trained.stderr, overlap);
    assert.doesNotMatch(trained.stderr, /warning: heldout: /);
    const [row] = await readRolloutFile(runFolder(join(root, 'with')).evaluationRows(4, 'heldout'), ['question']);
    const open = join(root, 'open.jsonl');
    await writeFile(open, `${JSON.stringify({ question: row!['question'], answer: 'because', lang: 'ko' })}\n`);
    const suites = [
      { name: 'translated', lab: { language: 'en', split: 'train' }, limit: 5 },
      { name: 'open', path: open },
    ];
    const dry = await train('dry', suites, '--dry-run');
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stderr, overlap);
    assert.match(dry.stderr, /warning: open: no answer of it can be judged: only language and length are measured/);
  });

  it('comes again from the checkpoints: all of them as each alone, and as the run found', async () => {
    const run = runFolder(join(root, 'with'));
    const printed = async (...args: string[]) => {
      const { code, stdout, stderr } = await glossa(['eval', ...args, '--threads', '1', '--json']);
      assert.equal(code, 0, stderr);
      return JSON.parse(stdout) as { steps: number[]; results: Record<string, unknown>[] };
    };
    const own: Record<string, unknown>[] = [];
    for (const step of [2, 4])
      for (const suite of ['heldout', 'translated'])
        own.push(
          ...(JSON.parse(await readFile(run.evaluation(step, suite), 'utf8')) as EvaluationFile).rows.map((row) => ({
            ...row,
          })),
        );
    const before = await filesBelow(run.dir);
    const { steps, results } = await printed(run.dir, '--checkpoints', 'all');
    assert.deepEqual(steps, [2, 4]);
    assert.deepEqual(results.map(lasting), own.map(lasting));
    assert.notDeepEqual(own.slice(0, 2).map(withoutStep), own.slice(2).map(withoutStep), 'the model has changed');
    // The folder alone is a model without suites, rewards or a step that draws count from: the greedy suite, all of it said.
    const data = ['--data', `translated=${String(own[1]!['file'])}`, '--limit', '5', '--max-tokens', '12'];
    const alone = await printed(join(run.dir, 'checkpoints', '000002'), ...data);
    const { rewards: _rewards, ...greedy } = withoutStep(own[1]!);
    assert.deepEqual(alone.results, [greedy]);
    assert.deepEqual([...(await filesBelow(run.dir)).keys()].sort(), [...before.keys()].sort());
  });
});

const withoutStep = ({ step: _step, ...row }: Record<string, unknown>) => row;

/** Without what the reward that remembers gave: it was called more often by the run. */
function lasting(row: Record<string, unknown>): Record<string, unknown> {
  const { remembers, ...rewards } = row['rewards'] as Record<string, unknown>;
  assert.ok(remembers);
  return { ...row, rewards };
}
