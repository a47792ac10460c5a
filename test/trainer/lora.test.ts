import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/config/index.js';
import { loadEngine } from '../../src/engine/index.js';
import { exportRun } from '../../src/export/index.js';
import { locateModel } from '../../src/inputs/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import { readMetrics } from '../../src/run/index.js';
import { resume, train, type TrainEvent } from '../../src/trainer/index.js';
import { lastingMetrics } from '../e2e/glossa.js';

let root: string;
let lab: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-lora-'));
  const { lab: settings } = demoRecipe(1);
  const small = { ...settings, trainProblems: 24, testProblems: 8, pretrain: { ...settings.pretrain, steps: 10 } };
  lab = (await pretrainLab(small, { cacheDir: join(root, 'lab') })).dir;
  await writeFile(
    join(root, 'reward.mjs'),
    'export default ({ completion }) => Math.min(completion.length, 40) / 40;\n',
  );
});
after(() => rm(root, { recursive: true, force: true }));

const LORA = { rank: 4, alpha: 8, targets: ['q_proj', 'v_proj', 'down_proj'] };

function config(dir: string, more: Record<string, unknown> = {}) {
  const text = stringify({
    seed: 3,
    model: { path: lab },
    lora: LORA,
    prompt: { style: 'plain' },
    data: { train: [{ path: join(lab, 'problems/train.ko.jsonl') }] },
    rewards: [{ name: 'length', module: join(root, 'reward.mjs') }],
    grpo: { max_steps: 4, prompts_per_step: 2, num_generations: 4, max_completion_length: 12, beta: 0.05 },
    optimizer: { learning_rate: 0.01 },
    checkpoint: { every: 1, keep: 4 },
    run: { dir },
    ...more,
  });
  return parseConfig(text, { path: join(root, 'config.yaml'), sets: [] });
}

/** Trains until the second step of four is made. */
async function interrupted(dir: string, more: Record<string, unknown> = {}): Promise<void> {
  const stop = new AbortController();
  const tell = (event: TrainEvent) => {
    if (event.type === 'step' && event.line.step === 2) stop.abort();
  };
  assert.equal((await train(config(dir, more), { stop: stop.signal, tell })).status, 'interrupted');
}

const goOn = (dir: string) => resume(dir, (before) => Promise.resolve({ config: before, set: [] }));
const file = (dir: string, name: string) => readFile(join(dir, name));

async function logps(dir: string, base?: string): Promise<Float32Array> {
  const engine = await loadEngine(dir, { threads: 1, ...(base !== undefined && { base }) });
  try {
    const prompts = { ids: Int32Array.of(5, 9, 11), offsets: Int32Array.of(0, 3) };
    const completions = { ids: Int32Array.of(7, 8, 21, 30, 4), offsets: Int32Array.of(0, 5) };
    return (await engine.logprobs({ prompts, completions })).logps;
  } finally {
    await engine.dispose();
  }
}

describe('a run that trains adapters', () => {
  it('has the bytes of the unbroken run when it goes on, begins at the base, and leaves it as it is', async () => {
    const base = await file(lab, 'model.safetensors');
    const [whole, broken] = [join(root, 'whole'), join(root, 'broken')];
    assert.equal((await train(config(whole))).status, 'finished');
    await interrupted(broken);
    assert.deepEqual(
      (await readdir(join(broken, 'checkpoints/000002'))).filter((n) => n.endsWith('.safetensors')),
      ['adapter_model.safetensors', 'state.safetensors'],
    );
    assert.equal((await goOn(broken)).status, 'finished');
    for (const name of [
      'checkpoints/000004/adapter_model.safetensors',
      'checkpoints/000004/state.safetensors',
      'final/adapter_model.safetensors',
    ])
      assert.ok((await file(whole, name)).equals(await file(broken, name)), name);
    assert.deepEqual(await lastingMetrics(broken), await lastingMetrics(whole));
    const lines = await readMetrics(join(whole, 'metrics.jsonl'));
    assert.equal(lines[0]!.kl, 0);
    assert.ok(lines[3]!.kl! > 0);
    assert.ok((await file(lab, 'model.safetensors')).equals(base));
    assert.ok(!(await readdir(whole)).includes('reference'), 'the reference is the base');
  });

  it('is opened by its folder, its checkpoints and final, and merged on export', async () => {
    const whole = join(root, 'whole');
    const found = await locateModel(whole, assert.fail);
    const of = await logps(found.dir);
    assert.deepEqual(await logps(join(whole, 'final')), of);
    assert.notDeepEqual(of, await logps(lab));
    const merged = await exportRun({ run: whole, out: join(root, 'merged'), warn: assert.fail });
    assert.ok((await readdir(merged.dir)).includes('model.safetensors'));
    (await logps(merged.dir)).forEach((logp, i) => assert.ok(Math.abs(logp - of[i]!) < 1e-4));
    const alone = await exportRun({ run: whole, out: join(root, 'alone'), adapter: true, warn: assert.fail });
    assert.ok(alone.parameters < merged.parameters / 10);
    assert.ok(
      (await file(alone.dir, 'adapter_model.safetensors')).equals(await file(whole, 'final/adapter_model.safetensors')),
    );
  });

  it('begins with an adapter, whose reference is the base', async () => {
    const dir = join(root, 'further');
    const adapter = join(root, 'whole/final');
    assert.equal((await train(config(dir, { model: { path: lab, adapter }, lora: undefined }))).status, 'finished');
    const [line] = await readMetrics(join(dir, 'metrics.jsonl'));
    assert.ok(line!.kl! > 0);
    const other = config(join(root, 'other'), { model: { path: lab, adapter }, lora: { ...LORA, rank: 5 } });
    await assert.rejects(train(other), { code: 'CHECKPOINT_MISMATCH', message: /r is 4, and lora asks for 5/ });
    await assert.rejects(train(config(join(root, 'adapter'), { model: { path: adapter } })), { code: 'MODEL_ADAPTER' });
  });

  it('keeps a base of random weights, and goes on beside it', async () => {
    const dir = join(root, 'init');
    const init = { config: join(lab, 'config.json'), tokenizer: lab };
    await interrupted(dir, { model: { init } });
    assert.equal((await goOn(dir)).status, 'finished');
    const of = await logps((await locateModel(dir, assert.fail)).dir);
    const moved = join(root, 'moved');
    await rename(dir, moved);
    const found = await locateModel(moved, assert.fail);
    assert.deepEqual(await logps(found.dir, found.base), of);
    await assert.rejects(logps(found.dir), { code: 'ADAPTER_BASE_MISSING' });
  });

  it('is refused where its base has changed', async () => {
    const [base, dir] = [join(root, 'base'), join(root, 'changed')];
    await cp(lab, base, { recursive: true });
    await interrupted(dir, { model: { path: base } });
    const engine = await loadEngine(join(root, 'merged'));
    await engine.saveWeights(base);
    await engine.dispose();
    await assert.rejects(goOn(dir), { code: 'RUN_CHANGED', message: /model: model\.safetensors/ });
    await assert.rejects(locateModel(dir, assert.fail), { code: 'RUN_CHANGED' });
  });

  it('is refused with layers that there are not, dropout, ranks out of range, and model.trainable', async () => {
    const lora = (more: object) => ({ lora: { ...LORA, ...more } });
    await assert.rejects(train(config(join(root, 'no'), lora({ targets: ['query'] }))), {
      code: 'LORA_TARGET_UNKNOWN',
      message: /"query".*q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj/,
    });
    for (const more of [{ dropout: 0.1 }, { rank: 0 }, { rank: 1025 }, { rank: 1.5 }, { alpha: 0 }, { targets: [] }])
      assert.throws(() => config('no', lora(more)), { code: 'CONFIG_INVALID' }, JSON.stringify(more));
    assert.throws(() => config('no', { model: { path: lab, trainable: ['*norm*'] } }), { code: 'CONFIG_IMPOSSIBLE' });
  });
});
