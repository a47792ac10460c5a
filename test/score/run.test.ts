import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { scoreCommand, type ScoreCommandOptions } from '../../src/cli/score.js';
import type { EvaluationFile, EvaluationRow } from '../../src/run/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { filesBelow, glossa } from '../e2e/glossa.js';
import { tinyBase } from '../sweep/sweep_file.js';

let root: string;
let run: string;

const score = (dir: string, ...more: string[]) => glossa(['score', dir, ...more]);
async function printed(...more: string[]): Promise<EvaluationRow[]> {
  const { code, stdout, stderr } = await score(run, '--json', ...more);
  assert.equal(code, 0, stderr);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EvaluationRow);
}

/** What the run wrote itself; it gave its completions rewards, which are not judged again. */
async function written(): Promise<EvaluationRow[]> {
  const names = (await readdir(join(run, 'eval'))).filter((name) => name.endsWith('.json')).sort();
  const files = await Promise.all(names.map((name) => readFile(join(run, 'eval', name), 'utf8')));
  return files
    .flatMap((text) => (JSON.parse(text) as EvaluationFile).rows)
    .map(
      (row) => Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'rewards')) as EvaluationRow & object,
    );
}

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-judged-again-'));
  run = join(root, 'run');
  const { data, ...base } = tinyBase(join(root, 'lab'));
  const lab = { split: 'test', language: 'ko' };
  const config = {
    ...base,
    model: { ...base.model, lab: { ...base.model.lab, pretrain: { steps: 120 } } },
    grpo: { ...base.grpo, max_steps: 2 },
    data: {
      ...data,
      eval: [
        { name: 'greedy', lab, limit: 24 },
        { name: 'drawn', lab, limit: 6, num_samples: 4, temperature: 0.8, verifier: 'mathematics' },
      ],
    },
    eval: { every: 2, at_start: true, max_completion_length: 60 },
    run: { dir: run },
  };
  await writeFile(join(root, 'tiny.yaml'), stringify(config));
  await writeFile(
    join(root, 'tags.yaml'),
    stringify({ ...config, prompt: { think_tags: ['####', '/####'] }, run: { dir: join(root, 'tags') } }),
  );
  // A template that opens a thought in words of its own, which no setting tells of.
  await writeFile(join(root, 'opened.jinja'), '{{ question }}\n<think>\n');
  const prompt = { style: 'template', template: join(root, 'opened.jinja') };
  await writeFile(join(root, 'opened.yaml'), stringify({ ...config, prompt, run: { dir: join(root, 'opened') } }));
  const { code, stderr } = await glossa(['train', join(root, 'tiny.yaml'), '--progress', 'none']);
  assert.equal(code, 0, stderr);
});
after(() => rm(root, { recursive: true, force: true }));

describe('glossa score RUN', () => {
  it("judges by the run's own tags of a thought: an answer within it is none", async () => {
    const others = await written();
    const before = run;
    const { code, stderr } = await glossa(['train', join(root, 'tags.yaml'), '--progress', 'none']);
    assert.equal(code, 0, stderr);
    run = join(root, 'tags');
    try {
      const rows = await written();
      assert.notDeepEqual(
        rows.map(({ accuracy }) => accuracy),
        others.map(({ accuracy }) => accuracy),
      );
      assert.deepEqual(await printed(), rows);
    } finally {
      run = before;
    }
  });

  it('knows a thought that the template of the run opened', async () => {
    const others = await written();
    const before = run;
    run = join(root, 'opened');
    try {
      const { code, stderr } = await glossa(['train', join(root, 'opened.yaml'), '--progress', 'none']);
      assert.equal(code, 0, stderr);
      const rows = await written();
      // Nothing closes it, so nothing is an answer.
      assert.ok(rows.every(({ accuracy }) => accuracy === 0) && others.some(({ accuracy }) => accuracy !== 0));
      assert.deepEqual(await printed(), rows);
      const [rollouts] = await printed('--rollouts', '--step', '1');
      assert.equal(rollouts!.accuracy, 0);
      // Without a tokenizer only what the settings begin is known.
      for (const name of ['checkpoints', 'final']) await rm(join(run, name), { recursive: true });
      assert.ok((await printed()).every(({ n }) => n > 0));
    } finally {
      run = before;
    }
  });

  it('gives the figures that the run wrote, and changes nothing in the folder', async () => {
    const files = await filesBelow(run);
    const rows = await written();
    assert.deepEqual(
      rows.map(({ step, suite }) => [step, suite]),
      [
        [0, 'drawn'],
        [0, 'greedy'],
        [2, 'drawn'],
        [2, 'greedy'],
      ],
    );
    assert.ok('pass@4' in rows[0]! && 'maj@4' in rows[0]);
    assert.ok(rows.some(({ accuracy }) => accuracy !== 0));
    assert.deepEqual(await printed(), rows);
    assert.deepEqual(await filesBelow(run), files);
  });

  it('judges by marked answers alone with --answer strict', async () => {
    const rows = await written();
    const strict = await printed('--answer', 'strict', '--step', '2');
    const of = rows.filter(({ step }) => step === 2);
    assert.deepEqual(
      strict.map(({ accuracy }) => accuracy),
      of.map(({ accuracy_strict: each }) => each),
    );
  });

  it('has the verifier in each row, and takes another one', async () => {
    const file = join(run, 'eval', '000002-drawn.parquet');
    const verifiers = (await readRolloutFile(file, ['verifier'])).map(({ verifier }) => verifier);
    assert.deepEqual(new Set(verifiers), new Set(['mathematics']));
    // Numbers are no letters of options: nothing can be judged.
    const rows = await printed('--verifier', 'choice');
    assert.ok(rows.every(({ accuracy, judged }) => accuracy === null && judged === 0));
  });

  it('judges the rollouts too', async () => {
    const rows = await printed('--rollouts', '--step', '1');
    const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    const metrics = lines.map((line) => JSON.parse(line) as Record<string, number>).find(({ step }) => step === 1)!;
    assert.equal(rows.length, 1);
    assert.deepEqual([rows[0]!.suite, rows[0]!.n, rows[0]!.samples], ['rollouts', 8, 4]);
    assert.equal(rows[0]!.accuracy, metrics.accuracy);
    assert.equal(rows[0]!.mean_length, metrics['completions/mean_length']);
    assert.equal(rows[0]!.target_wr, metrics['language/target_wr']);
  });

  it('prints the table of eval, with steps', async () => {
    const { stdout } = await score(run);
    assert.match(stdout, /^step +suite +language +accuracy/m);
    assert.match(stdout, /^2 +greedy +ko /m);
    assert.match(stdout, /pass@4/);
  });

  it('says what is missing, damaged, or not asked for rightly', async () => {
    const refused = (dir: string, error: { code: string; message: RegExp }, options: ScoreCommandOptions = {}) =>
      assert.rejects(scoreCommand(dir, options), error);
    await refused(run, { code: 'USAGE', message: /--step 7: .* has nothing of that step/ }, { step: '7' });
    await refused(run, { code: 'USAGE', message: /--gold-field is for files/ }, { goldField: 'x' });
    const step = { step: '2' };
    await refused(join(run, 'run.json'), { code: 'USAGE', message: /--step is for the folder of a run/ }, step);
    await refused(root, { code: 'RUN_NOT_FOUND', message: /no run\.json/ });
    const copy = join(root, 'copy');
    await cp(run, copy, { recursive: true });
    const file = join(copy, 'eval', '000002-greedy.parquet');
    await writeFile(file, (await readFile(file)).subarray(0, 200));
    await refused(copy, { code: 'ROLLOUT_INVALID', message: /copy\/eval\/000002-greedy\.parquet/ });
    await rm(file);
    await refused(copy, { code: 'IO_ERROR', message: /copy\/eval\/000002-greedy\.parquet/ });
  });
});
