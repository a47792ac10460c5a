import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { parseConfig } from '../../src/config/index.js';
import { readMetrics } from '../../src/run/index.js';
import { train } from '../../src/trainer/index.js';
import { readSafetensors } from '../logprobs/safetensors.js';

/** What TRL's SFTTrainer has trained in float32, every row in every step: make_golden.py. */
interface Golden {
  rows: object[];
  held: object[] | null;
  settings: Record<string, number | string | boolean>;
  log: Record<string, number>[];
}

const file = (name: string) => fileURLToPath(new URL(`golden/${name}`, import.meta.url));
const golden = JSON.parse(readFileSync(file('train.json'), 'utf8')) as Record<'chats' | 'pairs', Golden>;

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-trl-'));
});
after(() => rm(root, { recursive: true, force: true }));

const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n');

/** The lines of metrics.jsonl by step, and the folder of the last weights. */
async function trained(name: 'chats' | 'pairs', optimizer: object, sft: object) {
  const { rows, held, settings } = golden[name];
  const path = join(root, `${name}.jsonl`);
  await writeFile(path, lines(rows));
  if (held) await writeFile(join(root, 'held.jsonl'), lines(held));
  const config = stringify({
    ...{ seed: 1, dtype: 'float32', threads: 1, model: { path: file('model') } },
    ...{ data: { train: [{ path }] }, prompt: { style: 'template', template: file('templates/marked.jinja') } },
    sft: {
      ...{ max_steps: settings['max_steps'], batch_size: rows.length, ...sft },
      ...(held && { eval: [{ name: 'held', path: join(root, 'held.jsonl') }] }),
    },
    optimizer: {
      learning_rate: settings['learning_rate'],
      lr_scheduler_type: settings['lr_scheduler_type'],
      ...optimizer,
    },
    ...{ eval: { every: 1 }, run: { dir: join(root, name) } },
  });
  const { final } = await train(parseConfig(config, { path: join(root, 'config.yaml') }));
  const steps = await readMetrics(join(root, name, 'metrics.jsonl'));
  return { at: (step: number) => steps.find((line) => line.step === step) as Record<string, number>, final: final! };
}

const near = (got: number | undefined, expected: number, relative: number, what: string) =>
  assert.ok(
    Math.abs(got! - expected) <= relative * Math.abs(expected),
    `${what}: ${String(got)}, TRL has ${String(expected)}`,
  );

/** Weights after the last step, by how far they have moved. */
function assertWeights(final: string, name: string) {
  const [start, ours, theirs] = [file('model'), final]
    .map((dir) => readSafetensors(join(dir, 'model.safetensors')))
    .concat(readSafetensors(file(`trained/${name}.safetensors`)));
  assert.deepEqual([...ours!.keys()].sort(), [...theirs!.keys()].sort());
  let [apart, moved] = [0, 0];
  for (const [key, { values }] of theirs!)
    for (let i = 0; i < values.length; i++) {
      apart += (ours!.get(key)!.values[i]! - values[i]!) ** 2;
      moved += (start!.get(key)!.values[i]! - values[i]!) ** 2;
    }
  assert.ok(moved > 0);
  const error = Math.sqrt(apart / moved);
  assert.ok(error < 1e-4, `weights are ${String(error)} of their way apart`);
}

describe('supervised fine-tuning, beside SFTTrainer of TRL', () => {
  it('of chats has its losses, norms, accuracies, entropies and weights, and those of a held-out set', async () => {
    const { at, final } = await trained('chats', {}, {});
    // The line break behind the last turn has no loss, and glossa does not take it in.
    const unread = golden.chats.rows.length;
    for (const { step, ...expected } of golden.chats.log)
      for (const [key, value] of Object.entries(expected)) {
        const [ours, relative, wanted] = {
          loss: ['loss', 1e-5, value],
          grad_norm: ['grad_norm', 1e-5, value],
          learning_rate: ['learning_rate', 1e-7, value],
          mean_token_accuracy: ['mean_token_accuracy', 1e-6, value],
          entropy: ['entropy', 1e-5, value],
          num_tokens: ['num_tokens', 0, value - unread * step!],
          eval_loss: ['eval_held/loss', 1e-5, value],
          eval_entropy: ['eval_held/entropy', 1e-5, value],
        }[key] as [string, number, number];
        near(at(step!)[ours], wanted, relative, `step ${String(step)}, ${key}`);
      }
    assertWeights(final, 'chats');
  });

  it('of pairs, by micro-batches of one row with warm-up, decay and clipping, has its losses, norms, rates and weights', async () => {
    const { weight_decay, warmup_steps, adam_beta2, max_grad_norm, max_length } = golden.pairs.settings;
    const optimizer = { weight_decay, warmup_steps, adam_beta2, max_grad_norm, micro_batch_tokens: 1 };
    const { at, final } = await trained('pairs', optimizer, { max_length, on_long_row: 'truncate' });
    for (const { step, loss, grad_norm: norm, learning_rate: rate, num_tokens: tokens } of golden.pairs.log) {
      if (loss === undefined) continue;
      near(at(step!)['loss'], loss, 1e-5, `step ${String(step)}, loss`);
      near(at(step!)['grad_norm'], norm!, 1e-5, `step ${String(step)}, grad_norm`);
      near(at(step!)['learning_rate'], rate!, 1e-7, `step ${String(step)}, learning_rate`);
      assert.equal(at(step!)['num_tokens'], tokens);
    }
    assertWeights(final, 'pairs');
  });
});
