import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { resume, train, type TrainEvent } from '../../src/trainer/index.js';
import { lastingMetrics } from '../e2e/glossa.js';

const root = await mkdtemp(join(tmpdir(), 'glossa-curriculum-'));
after(() => rm(root, { recursive: true, force: true }));

/** Problems of one step until step 3, then of two, by levels of a lab set. */
const yaml = (dir: string, levels: string) => `
seed: 5
model: { lab: { train_problems: 40, test_problems: 8, pretrain: { steps: 4 } }, cache: ${join(root, 'lab')} }
data: { train: [{ lab: { language: ko }, levels: ${levels} }] }
grpo: { max_steps: 6, prompts_per_step: 4, num_generations: 2, max_completion_length: 8 }
optimizer: { learning_rate: 1e-3 }
eval: { at_start: false, at_end: false }
checkpoint: { every: 1 }
run: { dir: ${dir} }
`;
const LEVELS = '{ "1": [[3, 1], [3, 0]], "2": [[3, 0], [3, 1], [6, 3]] }';

async function run(dir: string, until = Infinity): Promise<void> {
  const stop = new AbortController();
  const tell = (event: TrainEvent) => {
    if (event.type === 'step' && event.line.step === until) stop.abort();
  };
  await train(parseConfig(yaml(dir, LEVELS), { path: join(root, 'curriculum.yaml') }), { stop: stop.signal, tell });
}

/** Ids of the problems of a step, in order. */
async function asked(dir: string, step: number): Promise<string[]> {
  const rows = await readRolloutFile(join(dir, 'rollouts', `${String(step).padStart(6, '0')}.parquet`));
  assert.equal(rows.length, 8);
  return rows.map(({ id }) => String(id));
}

test('a run that is resumed in the middle of a curriculum ends in the same bytes', async () => {
  const [whole, broken] = [join(root, 'whole'), join(root, 'broken')];
  await run(whole);
  await run(broken, 2);
  await resume(broken, (config) => ({ config, set: [] }));
  assert.deepEqual(await lastingMetrics(broken), await lastingMetrics(whole));
  for (let step = 1; step <= 6; step++) assert.deepEqual(await asked(broken, step), await asked(whole, step));
  const weights = (dir: string) => readFile(join(dir, 'final/model.safetensors'));
  assert.ok((await weights(broken)).equals(await weights(whole)));
});

test('lab problems have their number of steps for a level, and come by it', async () => {
  const dir = join(root, 'whole');
  const record = JSON.parse(await readFile(join(dir, 'run.json'), 'utf8')) as {
    inputs: { files: { setting: string; path: string }[] };
  };
  const { path } = record.inputs.files.find(({ setting }) => setting === 'data.train[0].path')!;
  const rows = (await readFile(path, 'utf8')).trim().split('\n');
  const steps = new Map(
    rows.map((row) => JSON.parse(row) as { id: string; steps: number }).map((row) => [row.id, row.steps]),
  );
  for (let step = 1; step <= 6; step++)
    for (const id of await asked(dir, step)) assert.equal(steps.get(id), step <= 3 ? 1 : 2, `step ${String(step)}`);
});

test('a curriculum that runs dry is refused before anything is computed', async () => {
  const config = parseConfig(yaml(join(root, 'dry'), '{ "1": [[0, 1], [4, 0]], "2": 0 }'), { path: 'dry.yaml' });
  await assert.rejects(train(config), { code: 'DATA_DRY', message: /4 steps .* level 1, .* level 2/ });
});

test('a schedule that goes backwards is refused with its setting', () => {
  assert.throws(() => parseConfig(yaml('run', '{ "1": [[5, 1], [3, 0]] }'), { path: 'back.yaml' }), {
    code: 'CONFIG_IMPOSSIBLE',
    message: /data\.train\[0\]\.levels\.1.* step 3 comes after step 5/,
  });
  assert.throws(() => parseConfig(yaml('run', '{ "1": soon }'), { path: 'back.yaml' }), {
    code: 'CONFIG_INVALID',
    message: /a number, or points such as/,
  });
});
