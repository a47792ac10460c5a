import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadEngine } from '../../src/engine/index.js';
import { measureFile, readSequences, scoreSequences, type ScoredSequence } from '../../src/logprobs/index.js';
import { GOLDEN_CASES } from '../shared.js';
import { readSafetensors } from './safetensors.js';

// Of the reference cases' README: float32 log-probabilities.
const BOUND = 2e-5;

for (const family of ['llama', 'olmo2', 'qwen2', 'qwen3', 'qwen2-window', 'mistral', 'gemma3']) {
  const dir = join(GOLDEN_CASES, `model-${family}`);
  test(`the log-probabilities of a file are those of Transformers: ${family}`, async () => {
    const reference = readSafetensors(join(dir, 'reference.safetensors'));
    const [rows, width] = reference.get('input_ids')!.shape as [number, number];
    const ids = [...reference.get('input_ids')!.values];
    const lengths = [...reference.get('lengths')!.values];
    const logps = reference.get('token_logps')!.values;
    const expected: { prompt_ids: number[]; completion_ids: number[]; logps: number[] }[] = [];
    for (let row = 0; row < rows; row++) {
      const own = ids.slice(row * width, row * width + lengths[row]!);
      // Where the prompt ends changes nothing.
      for (const split of [1, Math.ceil(own.length / 2)]) {
        const given = [...logps.slice(row * (width - 1) + split - 1, row * (width - 1) + own.length - 1)];
        expected.push({ prompt_ids: own.slice(0, split), completion_ids: own.slice(split), logps: given });
      }
      const greedy = (name: string) => [...reference.get(`greedy.${String(row)}.${name}`)!.values];
      expected.push({ prompt_ids: greedy('prompt'), completion_ids: greedy('completion'), logps: greedy('logps') });
    }
    const path = join(await mkdtemp(join(tmpdir(), 'glossa-logprobs-')), 'rows.jsonl');
    await writeFile(path, expected.map((row) => JSON.stringify(row)).join('\n'));

    const engine = await loadEngine(dir, { threads: 2 });
    try {
      const { vocab, context } = engine.info();
      const limits = { tokenizer: undefined, vocab, context, special: false };
      assert.equal((await measureFile(path, limits)).rows, 3 * rows);
      const scored: ScoredSequence[] = [];
      for await (const batch of scoreSequences(engine, readSequences(path, limits), { temperature: 1 }))
        scored.push(...batch);
      assert.equal(scored.length, expected.length);
      for (const [row, { logps, entropies }] of scored.entries()) {
        assert.equal(logps.length, expected[row]!.logps.length);
        assert.ok(entropies.every((entropy) => entropy > 0));
        logps.forEach((logp, i) => {
          const error = Math.abs(logp - expected[row]!.logps[i]!);
          assert.ok(error <= BOUND, `row ${String(row)}, token ${String(i)}: off by ${String(error)}`);
        });
      }
    } finally {
      await engine.dispose();
    }
  });
}
