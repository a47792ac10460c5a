import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { changeOf } from '../../src/cli/resume_config.js';
import { parseConfig } from '../../src/config/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { resume, train, type TrainEvent } from '../../src/trainer/index.js';
import { verifyRun } from '../../src/verify/index.js';
import { filesBelow, lastingMetrics } from '../e2e/glossa.js';

const STEPS = 12;
let root: string;
let lab: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-levers-'));
  const { lab: settings } = demoRecipe(1);
  const small = { ...settings, trainProblems: 24, testProblems: 8, pretrain: { ...settings.pretrain, steps: 150 } };
  lab = (await pretrainLab(small, { cacheDir: join(root, 'lab') })).dir;
});
after(() => rm(root, { recursive: true, force: true }));

/** Every lever at once, with states that change in most generations. */
const config = (dir: string) =>
  parseConfig(
    `seed: 3
model: { path: ${lab} }
prompt: { style: plain }
data: { train: [{ path: ${lab}/problems/train.ko.jsonl }] }
rewards:
  - { name: accuracy, weight: [[0, 1], [10, 0.5]] }
  - { name: language, weight: 0.4 }
  - { name: language_threshold, threshold: 0.5, weight: { schedule: power, from: 0, to: 1, end: 9 } }
  - { name: language_summary, weight: 0.1 }
levers:
  strict: {}
  drop: { below: 0.3 }
  constraint: { target: 0.8, step_size: 0.3, lookahead: 1, window: 3 }
  hints: { text: 모두 세어 보면, share: { from: 0.7, to: 0.2, end: 8 }, off_at: 0.3, off_after: 8, smoothing: 0.5 }
grpo: { max_steps: ${String(STEPS)}, prompts_per_step: 4, num_generations: 4, steps_per_generation: 2, max_completion_length: 40 }
optimizer: { learning_rate: 1e-3 }
checkpoint: { every: 2, keep: 2 }
run: { dir: ${dir} }
`,
    { path: join(root, 'config.yaml') },
  );

/** Stops after these steps one after the other, and goes on from the checkpoint each time. */
async function broken(dir: string, stops: readonly number[]): Promise<void> {
  const until = (step: number | undefined) => {
    const stop = new AbortController();
    const tell = (event: TrainEvent) => {
      if (event.type === 'step' && event.line.step === step) stop.abort();
    };
    return { stop: stop.signal, tell };
  };
  await train(config(dir), until(stops[0]));
  for (const step of [...stops.slice(1), undefined])
    await resume(dir, changeOf(undefined, [], { acceptChanges: false }), until(step));
}

it('all levers at once: a run that is stopped again and again writes the bytes of the unbroken one', async () => {
  const whole = join(root, 'whole');
  await train(config(whole));
  const pieces = join(root, 'pieces');
  await broken(pieces, [2, 3, 8]);
  assert.deepEqual(await lastingMetrics(pieces), await lastingMetrics(whole));
  const files = async (dir: string) =>
    [...(await filesBelow(dir))].filter(([name]) => /^(rollouts|final)\/|\.safetensors$/.test(name)).sort();
  const [these, those] = [await files(pieces), await files(whole)];
  assert.deepEqual(
    these.map(([name]) => name),
    those.map(([name]) => name),
  );
  for (const [i, [name, bytes]] of those.entries()) assert.ok(bytes.equals(these[i]![1]), name);

  // The levers did something: multiplier, weights, hints and shares change from one generation to the next.
  const lines = (await lastingMetrics(whole)) as Record<string, number | undefined>[];
  const of = (name: string) => lines.flatMap((line) => line[name] ?? []);
  for (const name of ['constraint/multiplier', 'rewards/language_threshold/weight', 'drop/share', 'hints/share'])
    assert.ok(new Set(of(name)).size > 2, `${name}: ${JSON.stringify(of(name))}`);
  assert.equal(of('constraint/multiplier').length, STEPS / 2);
  of('rewards/accuracy/weight').forEach((weight, i) => {
    assert.ok(Math.abs(weight - (1 - 0.05 * 2 * i)) < 1e-12, String(weight));
  });
  // Dual ascent, by the lines alone.
  const [multipliers, ratios, trends] = ['constraint/multiplier', 'constraint/ratio', 'constraint/trend'].map((name) =>
    lines.filter((_, i) => i % 2 === 0).map((line) => line[name] ?? 0),
  );
  for (let i = 1; i < multipliers!.length; i++) {
    const ahead = Math.min(1, Math.max(0, ratios![i - 1]! + trends![i - 1]!));
    const expected = Math.min(5, Math.max(0, multipliers![i - 1]! + 0.3 * (0.8 - ahead)));
    assert.ok(Math.abs(multipliers![i]! - expected) < 1e-12, `${String(i)}: ${String(multipliers![i])}`);
  }
  assert.equal(multipliers![0], 0.4);

  const state = JSON.parse(await readFile(join(whole, 'checkpoints/000012/state.json'), 'utf8')) as { levers: object };
  assert.deepEqual(Object.keys(state.levers).sort(), ['constraint', 'hints']);
});

it('rollouts say which prompts had a hint, and hold the prompt as it was given', async () => {
  const tokenizer = await loadTokenizer(lab);
  const hinted = new Set<string | null>();
  for (let step = 1; step < STEPS; step += 2) {
    const path = join(root, 'whole/rollouts', `${String(step).padStart(6, '0')}.parquet`);
    const rows = (await readRolloutFile(path)) as { hint: string | null; question: string; prompt_ids: number[] }[];
    assert.equal(rows.length, 16);
    for (const { hint, question, prompt_ids: ids } of rows) {
      hinted.add(hint);
      assert.ok((await tokenizer.decode(ids)).endsWith(`${question}\n${hint ?? ''}`));
    }
  }
  assert.deepEqual(hinted, new Set([null, '모두 세어 보면']));
});

it('verify plays its steps again to the same bytes', async () => {
  const verified = await verifyRun({
    ...{ run: join(root, 'whole'), tell: () => undefined, abort: new AbortController().signal },
  });
  assert.deepEqual([verified.same, verified.from, verified.to], [true, 10, 12]);
});
