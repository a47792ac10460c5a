import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadEngine } from '../../src/engine/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import type { LabSettings, PretrainProgress } from '../../src/lab/types.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';

const { lab } = demoRecipe(1);
const settings: LabSettings = {
  ...lab,
  vocabSize: 300,
  trainProblems: 40,
  testProblems: 10,
  pretrain: { ...lab.pretrain, steps: 12, batchSize: 8, warmupSteps: 2 },
};
const temporary = () => mkdtemp(join(tmpdir(), 'glossa-lab-'));

describe('pre-training', () => {
  test('writes a folder that opens like a real model, and does no work twice', async () => {
    const cacheDir = await temporary();
    const seen: PretrainProgress[] = [];
    const first = await pretrainLab(settings, { cacheDir, onProgress: (progress) => seen.push(progress) });
    assert.equal(first.cached, false);
    assert.deepEqual(
      seen.map(({ step }) => step),
      Array.from({ length: 12 }, (_, i) => i + 1),
    );
    assert.ok(seen.at(-1)!.loss < 0.9 * seen[0]!.loss, 'twelve steps lower the loss');

    const engine = await loadEngine(first.dir);
    assert.equal(engine.info().vocab, (await loadTokenizer(first.dir)).vocabSize);
    assert.equal(engine.info().parameters, first.parameters);
    await engine.dispose();
    const lines = (await readFile(join(first.dir, 'problems/test.ko.jsonl'), 'utf8')).trim().split('\n');
    assert.equal(lines.length, 10);
    assert.deepEqual(Object.keys(JSON.parse(lines[0]!) as object), [
      'id',
      'question',
      'answer',
      'solution',
      'lang',
      'steps',
    ]);

    const again = await pretrainLab(settings, { cacheDir, onProgress: () => assert.fail('nothing is left to do') });
    assert.deepEqual(again, { ...first, cached: true });
    assert.deepEqual(await readdir(cacheDir), [first.hash]);
  });

  test('gives the same bytes on one thread as on two', async () => {
    const weights = async (threads: number) => {
      const { dir } = await pretrainLab(settings, { cacheDir: await temporary(), threads });
      return readFile(join(dir, 'model.safetensors'));
    };
    assert.ok((await weights(1)).equals(await weights(2)));
  });

  test('stopped half-way leaves nothing behind', async () => {
    const cacheDir = await temporary();
    const abort = new AbortController();
    const running = pretrainLab(settings, {
      cacheDir,
      signal: abort.signal,
      onProgress: ({ step }) => {
        if (step === 3) abort.abort();
      },
    });
    await assert.rejects(running, { code: 'ABORTED' });
    assert.deepEqual(await readdir(cacheDir), []);
  });
});
