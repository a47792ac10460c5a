import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { glossa } from '../e2e/glossa.js';

describe('a config of the laboratory', () => {
  let dir: string;
  let config: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'glossa-lab-config-'));
    config = join(dir, 'lab.yaml');
    await writeFile(config, 'model: { lab: {} }\n');
  });
  after(() => rm(dir, { recursive: true, force: true }));
  const places = () => ['--set', `model.cache=${join(dir, 'cache')}`, '--set', `run.dir=${join(dir, 'run')}`];
  const small = [
    ...['pretrain.steps=2', 'train_problems=16', 'test_problems=8'].flatMap((set) => ['--set', `model.lab.${set}`]),
    ...['max_steps=1', 'prompts_per_step=2', 'num_generations=2'].flatMap((set) => ['--set', `grpo.${set}`]),
  ];

  it('of one line is checked without pre-training, and says how long that would take', async () => {
    const { code, stdout, stderr } = await glossa(['train', config, '--dry-run', ...places()]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /fine; a start would first pre-train the laboratory's model: 600 steps, about [\d.]+ \w+/);
    assert.ok(!existsSync(join(dir, 'cache')) && !existsSync(join(dir, 'run')));
  });

  it('of one line trains; another model may then train on its problems, beside it', async () => {
    const trained = await glossa(['train', config, ...places(), ...small]);
    assert.equal(trained.code, 0, trained.stderr);
    const cached = await glossa(['train', config, '--dry-run', '--overwrite', ...places(), ...small]);
    assert.match(cached.stdout, /are fine\n$/);
    const next = ['--set', `run.dir=${join(dir, 'next')}`, ...small, '--set', `model.cache=${join(dir, 'cache')}`];
    const on = await glossa(['train', config, '--model', join(dir, 'run'), ...next]);
    assert.equal(on.code, 0, on.stderr);
  });

  it('is refused at once for problems in a language that the model does not read', async () => {
    const chinese = await glossa(['train', config, ...places(), '--set', 'data.train.0.lab.language=zh']);
    assert.equal(chinese.code, 1);
    assert.match(
      chinese.stderr,
      /^error CONFIG_IMPOSSIBLE: .*the lab model does not read zh: model\.lab\.mix has en, ko/,
    );
    const joined = ['--set', 'model.lab.mix.zh.share=0.3', '--set', 'data.train.0.lab.language=zh'];
    const fine = await glossa(['train', config, '--dry-run', ...places(), ...small, ...joined]);
    assert.equal(fine.code, 0, fine.stderr);
  });
});
