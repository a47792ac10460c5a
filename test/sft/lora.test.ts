import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/config/index.js';
import { loadEngine } from '../../src/engine/index.js';
import { exportRun } from '../../src/export/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import { readMetrics } from '../../src/run/index.js';
import { train } from '../../src/trainer/index.js';
import { verifyRun } from '../../src/verify/index.js';
import { filesBelow, glossa, lastingMetrics, start } from '../e2e/glossa.js';

let root: string;
let lab: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-sft-lora-'));
  const { lab: settings } = demoRecipe(1);
  const small = { ...settings, trainProblems: 24, testProblems: 8, pretrain: { ...settings.pretrain, steps: 5 } };
  lab = (await pretrainLab(small, { cacheDir: join(root, 'lab') })).dir;
});
after(() => rm(root, { recursive: true, force: true }));

const STEPS = 20;

/** Path of a config for a run in `dir`. */
async function configFile(dir: string): Promise<string> {
  const path = `${dir}.yaml`;
  const problems = (split: string) => join(lab, `problems/${split}.ko.jsonl`);
  const config = {
    ...{ seed: 3, model: { path: lab }, prompt: { style: 'plain' } },
    lora: { rank: 4, alpha: 16, use_rslora: true },
    data: { train: [{ path: problems('train') }] },
    sft: { max_steps: STEPS, batch_size: 4, eval: [{ name: 'held', path: problems('test') }] },
    optimizer: { learning_rate: 1e-2, lr_scheduler_type: 'cosine', warmup_steps: 2 },
    ...{ eval: { every: 5 }, checkpoint: { every: 4, keep: 9 }, run: { dir } },
  };
  await writeFile(path, stringify(config));
  return path;
}

const configOf = async (dir: string) => {
  const path = await configFile(dir);
  return parseConfig(await readFile(path, 'utf8'), { path });
};

/** Adapters, state and metrics without times: what must be the same bytes. */
async function lasting(dir: string) {
  const files = [...(await filesBelow(dir))].filter(([name]) => name.endsWith('.safetensors'));
  return { metrics: await lastingMetrics(dir), files };
}

async function logps(dir: string): Promise<Float32Array> {
  const engine = await loadEngine(dir, { threads: 1 });
  try {
    const prompts = { ids: Int32Array.of(5, 9, 11), offsets: Int32Array.of(0, 3) };
    const completions = { ids: Int32Array.of(7, 8, 21, 30, 4), offsets: Int32Array.of(0, 5) };
    return (await engine.logprobs({ prompts, completions })).logps;
  } finally {
    await engine.dispose();
  }
}

describe('supervised fine-tuning of adapters', () => {
  it('learns what is held out too, and its base stays as it is', async () => {
    const dir = join(root, 'whole');
    const base = await readFile(join(lab, 'model.safetensors'));
    const { status, step } = await train(await configOf(dir));
    assert.deepEqual([status, step], ['finished', STEPS]);
    const lines = await readMetrics(join(dir, 'metrics.jsonl'));
    const held = lines.flatMap((line) => line['eval_held/loss'] ?? []);
    assert.equal(held.length, 1 + STEPS / 5);
    assert.ok(
      held.every((loss, i) => i === 0 || loss < held[i - 1]!),
      held.join(' '),
    );
    assert.ok(held.at(-1)! < held[0]! - 0.5, held.join(' '));
    assert.ok((await readFile(join(lab, 'model.safetensors'))).equals(base));
    assert.deepEqual(
      (await readdir(join(dir, 'final'))).filter((name) => name.endsWith('.safetensors')),
      ['adapter_model.safetensors'],
    );
  });

  it('killed and resumed has the bytes of the unbroken run; verify plays it again', async () => {
    const [whole, killed] = [join(root, 'whole'), join(root, 'killed')];
    let kills = 0;
    for (const step of [1, 6, 8, 17]) {
      const args = kills === 0 ? [await configFile(killed)] : ['--resume', killed];
      const { child, ended } = start(['sft', ...args, '--progress', 'json']);
      child.stdout!.on('data', (text: string) => {
        if (text.includes(`"step":${String(step)},`)) child.kill('SIGKILL');
      });
      if ((await ended).signal === 'SIGKILL') kills++;
    }
    assert.ok(kills >= 3, String(kills));
    const done = await glossa(['sft', '--resume', killed, '--progress', 'none']);
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(await lasting(killed), await lasting(whole));
    const { same, apart } = await verifyRun({
      ...{ run: whole, tell: () => undefined, abort: new AbortController().signal },
    });
    assert.deepEqual([same, apart], [true, []]);
  });

  it('is merged on export, with the log-probabilities of the run', async () => {
    const whole = join(root, 'whole');
    const { dir } = await exportRun({ run: whole, out: join(root, 'merged'), warn: assert.fail });
    const [merged, own, base] = await Promise.all([dir, join(whole, 'final'), lab].map(logps));
    const apart = Math.max(...merged!.map((logp, i) => Math.abs(logp - own![i]!)));
    assert.ok(apart < 1e-4, String(apart));
    assert.ok(Math.max(...base!.map((logp, i) => Math.abs(logp - own![i]!))) > 0.1);
  });
});
