import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { renderConversation, type Message } from '../../src/prompt/index.js';
import { readMetrics } from '../../src/run/index.js';
import { loadTokenizer, type Tokenizer } from '../../src/tokenizer/index.js';
import { glossa, ROOT } from '../e2e/glossa.js';

/** What Transformers makes of this model: make_golden.py. */
const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as {
  texts: { text: string; ids: number[]; letters: number[]; decoded: string }[];
  chats: { name: string; messages: Message[]; text: string; ids: number[] }[];
  logps: { ids: number[]; logps: number[] }[];
  greedy: { ids: number[]; text: string };
};
const MODEL = join(ROOT, 'build/models/smollm2');
const skip = existsSync(join(MODEL, 'model.safetensors'))
  ? false
  : `no ${MODEL}: python test/real_model/make_smollm2.py build/models/smollm2 makes it (needs gguf and numpy)`;

/** Sums of 576 terms in another order, through 30 layers. */
const MOST = 5e-4;
const MEAN = 5e-5;

describe('SmolLM2-135M-Instruct', { skip }, () => {
  let dir: string;
  let tokenizer: Tokenizer;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'glossa-smollm2-'));
    tokenizer = await loadTokenizer(MODEL);
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('reads and writes texts as Transformers does, bytes without a token left out', async () => {
    for (const { text, ids, letters, decoded } of golden.texts) {
      assert.deepEqual(await tokenizer.encode(text, { special: true }), ids, text);
      assert.deepEqual(await tokenizer.encode(text), letters, text);
      assert.equal(await tokenizer.decode(ids, { special: true }), decoded, text);
    }
    assert.deepEqual(tokenizer.eosIds, [2]);
    assert.equal(tokenizer.vocabSize, 49_152);
  });

  it('renders chats as Transformers does', async () => {
    for (const { name, messages, text, ids } of golden.chats)
      assert.deepEqual(await renderConversation(tokenizer, messages), { text, ids }, name);
  });

  it('gives the log-probabilities of Transformers in float32', async () => {
    const rows = golden.logps.map(({ ids }) => ({ prompt_ids: ids.slice(0, 1), completion_ids: ids.slice(1) }));
    const path = join(dir, 'rows.jsonl');
    await writeFile(path, rows.map((row) => JSON.stringify(row)).join('\n'));
    const { code, stdout, stderr } = await glossa(['logprobs', path, '--model', MODEL]);
    assert.equal(code, 0, stderr);
    const lines = stdout.trimEnd().split('\n');
    const errors = lines.flatMap((line, row) => {
      const { logps } = JSON.parse(line) as { logps: number[] };
      assert.equal(logps.length, golden.logps[row]!.logps.length);
      return logps.map((logp, i) => Math.abs(logp - golden.logps[row]!.logps[i]!));
    });
    const most = Math.max(...errors);
    assert.ok(most < MOST, `off by ${String(most)}`);
    assert.ok(errors.reduce((sum, error) => sum + error, 0) / errors.length < MEAN);
  });

  it('says what it says under Transformers, greedily', async () => {
    const question = String(golden.chats[0]!.messages[0]!.content);
    const asked = ['--prompt', question, '--temperature', '0', '--max-tokens', '24', '--language', 'en', '--json'];
    const { code, stdout, stderr } = await glossa(['sample', '--model', MODEL, ...asked]);
    assert.equal(code, 0, stderr);
    const drawn = JSON.parse(stdout) as { completion: string; completion_ids: number[]; prompt_ids: number[] };
    assert.deepEqual(drawn.prompt_ids, golden.chats[0]!.ids);
    assert.deepEqual(drawn.completion_ids, golden.greedy.ids);
    assert.equal(drawn.completion, golden.greedy.text);
  });

  it('trains two steps of GRPO', async () => {
    const problems = [3, 5, 7, 9].map((n) => ({
      question: `What is ${String(n)} + 4?`,
      answer: String(n + 4),
      lang: 'en',
    }));
    await writeFile(join(dir, 'problems.jsonl'), problems.map((problem) => JSON.stringify(problem)).join('\n'));
    await writeFile(
      join(dir, 'run.yaml'),
      [
        `model: { path: ${MODEL} }`,
        'data: { train: [{ path: problems.jsonl, language: en }] }',
        'rewards: [{ name: accuracy, weight: 1 }, { name: language, weight: 0.5 }]',
        'grpo: { max_steps: 2, prompts_per_step: 2, num_generations: 4, max_completion_length: 24 }',
        'checkpoint: { every: 0, keep: 1 }',
      ].join('\n'),
    );
    const run = join(dir, 'run');
    const { code, stderr } = await glossa(['train', join(dir, 'run.yaml'), '--set', `run.dir=${run}`]);
    assert.equal(code, 0, stderr);
    const lines = (await readMetrics(join(run, 'metrics.jsonl'))).filter(({ step }) => step > 0);
    assert.deepEqual(
      lines.map(({ step }) => step),
      [1, 2],
    );
    for (const line of lines) {
      assert.equal(line['sampling/sampling_logp_difference/max'], 0);
      assert.ok(line.entropy! > 0 && line.entropy! < 6, `entropy ${String(line.entropy)}`);
    }
  });
});
