import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import { readRecord } from '../../src/run/index.js';
import { train } from '../../src/trainer/index.js';
import { glossa } from '../e2e/glossa.js';
import { COMMIT, dataRepository, Scene } from './cases.js';
import type { Repository } from './simulated_hub.js';

let scene: Scene;
const { HF_HUB_CACHE } = process.env;
const config = (...sets: string[]) =>
  parseConfig(
    'model: { path: org/tiny }\ndata:\n  train: [{ path: datasets/org/sums/data/train file.jsonl }]\nprompt: { style: plain }\ngrpo: { max_steps: 1, prompts_per_step: 1, num_generations: 2, max_completion_length: 4 }\n',
    { path: 'x.yaml', sets: [`run.dir=${join(scene.cache, 'run')}`, ...sets] },
  );

before(async () => {
  scene = await Scene.open(
    { type: 'model', id: 'org/tiny', commit: COMMIT, refs: ['main'], files: {} },
    dataRepository(),
  );
  process.env['HF_HUB_CACHE'] = scene.cache;
});
after(async () => {
  if (HF_HUB_CACHE === undefined) delete process.env['HF_HUB_CACHE'];
  else process.env['HF_HUB_CACHE'] = HF_HUB_CACHE;
  await scene.close();
});

/** A real, if untaught, model: the lab's, as a repository of the hub. */
async function labFiles(): Promise<Repository['files']> {
  const { lab } = demoRecipe(1);
  const { dir } = await pretrainLab(
    { ...lab, pretrain: { ...lab.pretrain, steps: 1, batchSize: 4 } },
    { cacheDir: join(scene.cache, 'lab') },
  );
  const names = (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isFile());
  const files = names.map(async ({ name }) => {
    const bytes = await readFile(join(dir, name));
    return [name, { bytes, lfs: name.endsWith('.safetensors') }] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

describe('a model of the hub', () => {
  it('is asked for by the command that fetches it, and nothing is written before', async () => {
    await assert.rejects(train(config()), { code: 'MODEL_NOT_FOUND', hint: 'npx glossa fetch org/tiny' });
    await assert.rejects(readdir(join(scene.cache, 'run')));
    const { code, stderr } = await glossa(['sample', '--model', 'org/tiny', '--prompt', 'x'], {
      HF_HUB_CACHE: scene.cache,
    });
    assert.equal(code, 1);
    assert.match(stderr, /^error MODEL_NOT_FOUND: org\/tiny: .*\n {2}npx glossa fetch org\/tiny\n$/);
  });

  it('is trained and sampled by its name once it is fetched, and the run keeps the commit', async () => {
    Object.assign(scene.hub.repository('org/tiny').files, await labFiles());
    const { dir } = await scene.fetch();
    await assert.rejects(train(config()), { code: 'DATA_NOT_FOUND', hint: 'npx glossa fetch datasets/org/sums' });
    const data = await scene.fetch('datasets/org/sums');
    assert.equal((await train(config('rewards=[{name: format}]', 'grpo.max_zero_reward_steps=0'))).status, 'finished');
    const { config: kept } = await readRecord(join(scene.cache, 'run'));
    assert.equal((kept as { model: { path: string } }).model.path, dir);
    assert.equal(
      (kept as { data: { train: { path: string }[] } }).data.train[0]!.path,
      join(data.dir, 'data/train file.jsonl'),
    );
    const environment = { HF_HUB_CACHE: scene.cache };
    const [sampled, evaluated, checked] = await Promise.all([
      glossa(['sample', '--model', 'org/tiny', '--prompt', 'x', '--max-tokens', '2', '--json'], environment),
      glossa(
        [
          'eval',
          '--model',
          `org/tiny@${COMMIT}`,
          '--data',
          'datasets/org/sums/data/train file.jsonl',
          '--max-tokens',
          '2',
          '--json',
        ],
        environment,
      ),
      glossa(['train', await dataOnly(), '--model', 'org/tiny', '--dry-run'], environment),
    ]);
    assert.equal(sampled.code, 0, sampled.stderr);
    assert.equal((JSON.parse(sampled.stdout) as { sample: number }).sample, 0);
    assert.equal(evaluated.code, 0, evaluated.stderr);
    assert.equal((JSON.parse(evaluated.stdout) as { model: string }).model, dir);
    assert.equal(checked.code, 0, checked.stderr);
    await rm(join(dir, 'model.safetensors'));
    await assert.rejects(train(config()), { message: /has no model\.safetensors/, hint: /glossa fetch org\/tiny/ });
  });
});

async function dataOnly(): Promise<string> {
  const path = join(scene.cache, 'data.yaml');
  await writeFile(
    path,
    'data:\n  train: [{ path: datasets/org/sums/data/train file.jsonl }]\nprompt: { style: plain }\ngrpo: { max_completion_length: 4 }\n',
  );
  return path;
}
