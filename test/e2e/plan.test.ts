import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkRaw } from '../../src/config/index.js';
import type { RunPlan } from '../../src/doctor/index.js';
import { openModel } from '../../src/inputs/index.js';
import { glossa, watched } from './glossa.js';

// About 40 M parameters, so that the engine's memory is most of the process's.
const MODEL = {
  model_type: 'qwen2',
  architectures: ['Qwen2ForCausalLM'],
  hidden_size: 512,
  intermediate_size: 2048,
  num_hidden_layers: 10,
  num_attention_heads: 8,
  num_key_value_heads: 2,
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-6,
  rope_theta: 1e6,
  initializer_range: 0.02,
  tie_word_embeddings: true,
  hidden_act: 'silu',
  use_sliding_window: false,
};
const REWARD = fileURLToPath(new URL('../trainer/fixtures/length_reward.mjs', import.meta.url));

let root: string;
let model: string;
let lab: string;
let config: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-plan-'));
  const raw = {
    model: { lab: { pretrain: { steps: 1 } }, cache: join(root, 'lab') },
    data: { train: [{ lab: { language: 'ko' } }] },
  };
  const opened = await openModel(checkRaw(raw, { path: 'plan.yaml', overrides: [] }));
  await opened.engine.dispose();
  lab = opened.labDir!;
  model = join(root, 'config.json');
  await writeFile(model, JSON.stringify({ ...MODEL, vocab_size: opened.tokenizer.vocabSize }));
  config = join(root, 'plan.yaml');
  await writeFile(
    config,
    `
model: { init: { config: ${model}, tokenizer: ${opened.tokenizerDir} } }
data: { train: [{ path: ${join(lab, 'problems/train.ko.jsonl')}, language: ko }] }
prompt: { style: plain }
rewards: [{ name: length, module: ${REWARD} }]
grpo: { max_steps: 1, prompts_per_step: 4, num_generations: 8, max_completion_length: 24 }
checkpoint: { every: 0 }
run: { dir: ${join(root, 'run')} }
`,
  );
});
after(() => rm(root, { recursive: true, force: true }));

describe('the memory plan of a run', () => {
  it('is within 10 % of what the run takes at its peak', { skip: process.platform !== 'linux' }, async (t) => {
    const planned = await glossa(['doctor', '--plan', model, '--config', config, '--json']);
    assert.equal(planned.code, 0, planned.stderr);
    const plan = JSON.parse(planned.stdout) as RunPlan;
    const { code, stderr, peakGb } = await watched(['train', config, '--progress', 'none']);
    assert.equal(code, 0, stderr);
    const real = peakGb * 2 ** 30;
    t.diagnostic(
      `planned ${(plan.peak / 1e9).toFixed(3)} GB (engine ${(plan.total / 1e9).toFixed(3)}), real ${(real / 1e9).toFixed(3)} GB`,
    );
    assert.equal(plan.promptTokensFrom, 'data');
    assert.ok(Math.abs(plan.peak - real) < 0.1 * real, `planned ${String(plan.peak)}, real ${String(real)}`);
  });

  it('is made for a model that the config does not name, and by the length of laboratory problems', async () => {
    const plain = join(root, 'no-model.yaml');
    const data = `data: { train: [{ path: ${join(lab, 'problems/train.ko.jsonl')}, language: ko }] }`;
    await writeFile(plain, `${data}\nprompt: { style: plain }\ngrpo: { max_completion_length: 24 }\n`);
    const named = await glossa(['doctor', '--plan', lab, '--config', plain, '--json']);
    assert.equal(named.code, 0, named.stderr);
    const told = join(root, 'lab.yaml');
    await writeFile(told, 'model: { lab: {} }\n');
    const laboratory = await glossa(['doctor', '--plan', lab, '--config', told, '--json']);
    assert.equal(laboratory.code, 0, laboratory.stderr);
    const [one, other] = [named, laboratory].map(({ stdout }) => JSON.parse(stdout) as RunPlan);
    assert.equal(one!.promptTokensFrom, 'data');
    assert.equal(other!.promptTokensFrom, 'data');
    assert.ok(one!.promptTokens > 10 && one!.promptTokens < 80, String(one!.promptTokens));
  });

  it('is made for a GPU that is not here, by its name or its memory, and names what would fit a smaller one', async () => {
    const on = (...more: string[]) => glossa(['doctor', '--plan', model, '--config', config, ...more]);
    const gpu = ['--set', 'device=cuda', '--device-memory'];
    const planned = await on(...gpu, 'h200', '--json');
    assert.equal(planned.code, 0, planned.stderr);
    const plan = JSON.parse(planned.stdout) as RunPlan;
    assert.equal(plan.room?.total, 141e9);
    assert.ok(plan.total < plan.room.free && plan.host > 0 && plan.advice === undefined);
    assert.ok(plan.peak < plan.total, 'the host holds what the GPU does not');
    const sum = (of: (term: RunPlan['terms'][number]) => boolean) =>
      plan.terms.filter(of).reduce((bytes, term) => bytes + term.bytes, 0);
    const uses = ['sampling', 'log-probabilities', 'micro-batch'].map((use) => sum(({ name }) => name.startsWith(use)));
    assert.equal(plan.total, sum(({ shared, ofHost }) => !shared && !ofHost) + Math.max(...uses));
    const small = await on(...gpu, '0.9GB');
    assert.equal(small.code, 0, small.stderr);
    assert.match(small.stdout, /more than the GPU has free: .*it fits.*the largest: /s);
    const absent = await on('--set', 'device=cuda:99');
    assert.notEqual(absent.code, 0);
    assert.match(absent.stderr, /--device-memory H200/);
    assert.match((await on('--device-memory', 'H100')).stderr, /device is cpu/);
    assert.match((await on(...gpu, 'H1000')).stderr, /cards: A10, /);
  });

  it('warns of short memory where a start is only tried', async () => {
    const tried = await glossa(['train', config, '--dry-run', '--set', 'grpo.num_generations=4000']);
    assert.equal(tried.code, 0, tried.stderr);
    assert.match(tried.stderr, /likely to need .* GB more than it has taken.*the largest: /);
  });

  it('says what is missing where it is asked without a config, or for no model', async () => {
    const alone = await glossa(['doctor', '--plan', model]);
    assert.notEqual(alone.code, 0);
    assert.match(alone.stderr, /--config/);
    const nowhere = await glossa(['doctor', '--plan', join(root, 'none.json'), '--config', config]);
    assert.notEqual(nowhere.code, 0);
    assert.match(nowhere.stderr, /none\.json/);
  });
});
