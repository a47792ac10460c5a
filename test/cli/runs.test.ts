import assert from 'node:assert/strict';
import { chmodSync, cpSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { listRuns } from '../../src/cli/runs_list.js';
import { runsTable } from '../../src/cli/runs_table.js';
import { runFolder } from '../../src/run/index.js';
import { appendLog, writeSweep } from '../../src/sweep/index.js';
import { evaluation, makeRun } from '../report/runs.js';
import { madeSweep } from '../sweep/made_sweep.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-runs-'));
  await makeRun(join(root, 'sweep', 'runs', 'cold'), {
    languages: ['ko'],
    config: {
      model: { lab: {} },
      grpo: { max_steps: 3, temperature: 0.7 },
      rewards: [{ name: 'accuracy', weight: 2 }],
    },
    metrics: [
      { step: 1, accuracy: 0.25, 'language/target_wr': 0.9 },
      { step: 3, accuracy: 0.5, 'language/target_wr': 0.125 },
    ],
    evaluations: [
      evaluation([0, 'test', 'ko'], { accuracy: 0.1, target_wr: 1 }),
      evaluation([2, 'test', 'ko'], { accuracy: 0.75, target_wr: 0.5, 'pass@2': 0.875 }),
    ],
  });
  const named = ['cold', 'hot', 'weak', 'late'].map((name) => ({ name, seed: 1, values: {} }));
  await writeSweep(madeSweep(join(root, 'sweep'), named));
  await makeRun(join(root, 'sweep', 'runs', 'weak'), { status: 'interrupted' });
  const weak = { runs: ['weak'], value: 0 };
  await appendLog(join(root, 'sweep'), [{ event: 'halved', step: 1, kept: [], stopped: [weak] }]);
  await makeRun(join(root, 'sweep', 'runs', 'hot'), {
    config: { grpo: { temperature: 1.3 } },
    status: 'failed',
    metrics: [{ step: 1, accuracy: 0.75, 'language/target_wr': null }],
  });
  // Nobody trains it: its process was killed.
  await makeRun(join(root, 'killed'), { status: 'running', metrics: [{ step: 7, accuracy: null }] });
  await appendFile(runFolder(join(root, 'killed')).metrics, '{"step": 8, "accu');
  await makeRun(join(root, 'alive'), { status: 'running' });
  const holder = { pid: process.pid, host: hostname(), born: null };
  await writeFile(runFolder(join(root, 'alive')).lock, JSON.stringify(holder));
  await mkdir(join(root, 'broken', 'a'), { recursive: true });
  await writeFile(join(root, 'broken', 'a', 'run.json'), '{"format": 2, "na');
  await mkdir(join(root, 'broken', 'b', 'checkpoints'), { recursive: true });
  await symlink('..', join(root, 'broken', 'back'));
});
after(() => rm(root, { recursive: true, force: true }));

const names = ({ runs, broken }: Awaited<ReturnType<typeof listRuns>>) => [...runs, ...broken].map(({ path }) => path);
const list = (options: Partial<Parameters<typeof listRuns>[1]> = {}) => listRuns(root, { where: [], ...options });

test('every run is found, with its state as its lock and record tell it, and what is broken says why', async () => {
  const found = await list({ sort: 'path' });
  assert.deepEqual(
    found.runs.map(({ path, state, step }) => [path, state, step]),
    [
      ['alive', 'running', 0],
      ['killed', 'interrupted', 7],
      ['sweep/runs/cold', 'finished', 3],
      ['sweep/runs/hot', 'failed', 1],
      ['sweep/runs/weak', 'stopped', 0],
    ],
  );
  assert.deepEqual(
    found.broken.map(({ path, code }) => [path, code]),
    [
      ['broken/a', 'RUN_CORRUPT'],
      ['broken/b', 'RUN_NO_RECORD'],
    ],
  );
  assert.deepEqual(
    found.sweeps.map(({ path, total, runs }) => [path, total, runs]),
    [['sweep', 4, { waiting: 1, finished: 1, failed: 1, stopped: 1 }]],
  );
});

test('conditions know settings, metrics, and the last evaluation', async () => {
  for (const [condition, expected] of [
    ['grpo.temperature=0.7', ['sweep/runs/cold']],
    ['grpo.temperature>=1', ['sweep/runs/hot']],
    ['rewards.accuracy.weight=2', ['sweep/runs/cold']],
    ['rewards[0].weight=2', ['sweep/runs/cold']],
    ['accuracy>0.5', ['sweep/runs/hot']],
    ['target_wr<0.2', ['sweep/runs/cold']],
    ['target_wr=null', ['sweep/runs/hot']],
    ['eval_test/accuracy=0.75', ['sweep/runs/cold']],
    ['eval_test/pass@2>=0', ['sweep/runs/cold']],
    ['eval_test/pass@2>=0.9', []],
    ['languages=ko', ['sweep/runs/cold']],
    ['state!=finished', ['alive', 'killed', 'sweep/runs/hot', 'sweep/runs/weak']],
    ['model=lab tiny', ['sweep/runs/cold']],
  ] as const)
    assert.deepEqual(names(await list({ where: [condition], sort: 'path' })), expected, condition);
  assert.deepEqual(names(await list({ state: 'broken, running' })), ['alive', 'broken/a', 'broken/b']);
  await assert.rejects(list({ where: ['grpo.temprature=1'] }), {
    code: 'USAGE',
    hint: 'did you mean grpo.temperature?',
  });
  await assert.rejects(list({ where: ['accuracy'] }), { code: 'USAGE' });
  await assert.rejects(list({ sort: 'acuracy' }), { code: 'USAGE', hint: 'did you mean accuracy?' });
  await assert.rejects(list({ state: 'done' }), { code: 'USAGE' });
  await assert.rejects(listRuns(`${root}/nowhere`, { where: [] }), { code: 'RUN_NOT_FOUND' });
});

test('runs without a value come last, whichever way they are sorted', async () => {
  const [up, down] = [await list({ sort: 'accuracy' }), await list({ sort: 'accuracy', reverse: true })];
  assert.deepEqual(up.runs.map(({ path }) => path).slice(0, 2), ['sweep/runs/cold', 'sweep/runs/hot']);
  assert.deepEqual(down.runs.map(({ path }) => path).slice(0, 2), ['sweep/runs/hot', 'sweep/runs/cold']);
});

test('a table leaves columns out until it fits, and goes into a pipe whole', async () => {
  const found = await list({ sort: 'path' });
  const whole = runsTable(found, root, Infinity);
  assert.match(whole, /^sweep sweep: 4 runs, 1 waiting, 1 finished, 1 failed, 1 stopped$/m);
  assert.match(
    whole,
    /^sweep\/runs\/cold +finished +3\/3 +50\.0 % +12\.5 % +test \(ko\) 75\.0 %, 50\.0 % at 2 +ko +lab tiny +\d/m,
  );
  assert.match(whole, /^broken\/a {2}broken: RUN_CORRUPT: /m);
  assert.match(whole, /^7 runs$/m);
  for (const width of [20, 40, 60, 80, 120]) {
    const lines = runsTable(found, root, width).split('\n');
    assert.ok(
      lines.every((line) => line.length <= width || line.startsWith('sweep ')),
      `${String(width)} columns`,
    );
  }
  const narrow = runsTable(found, root, 60);
  assert.match(narrow, /accuracy/);
  assert.doesNotMatch(narrow, /model/);
});

test(
  'a folder that may not be read is broken',
  { skip: process.getuid?.() === 0 && 'root reads everything' },
  async () => {
    const shut = join(root, 'shut');
    await mkdir(shut);
    chmodSync(shut, 0);
    assert.ok((await list()).broken.some(({ path, code }) => path === 'shut' && code === 'IO_ERROR'));
    chmodSync(shut, 0o755);
  },
);

test('a thousand runs are listed in seconds', async () => {
  const many = await mkdtemp(join(tmpdir(), 'glossa-many-'));
  const line = { step: 1, accuracy: 0.5, 'language/target_wr': 0.5 };
  const metrics = Array.from({ length: 50 }, (_, i) => ({ ...line, step: i + 1 }));
  await makeRun(join(many, 'run-0'), { metrics });
  for (let i = 1; i < 1000; i++) cpSync(join(many, 'run-0'), join(many, `run-${String(i)}`), { recursive: true });
  const before = performance.now();
  const found = await listRuns(many, { where: ['accuracy=0.5'], sort: 'accuracy' });
  const seconds = (performance.now() - before) / 1000;
  assert.equal(found.runs.length, 1000);
  assert.ok(seconds < 10, `took ${seconds.toFixed(1)} s`);
  await rm(many, { recursive: true, force: true });
});
