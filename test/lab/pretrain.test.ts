import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadEngine } from '../../src/engine/index.js';
import { demoRecipe, pretrainLab } from '../../src/lab/index.js';
import type { LabSettings, PretrainProgress } from '../../src/lab/types.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { filesBelow } from '../e2e/glossa.js';

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

  test('takes nothing damaged from the cache: the same bytes are made anew, with a word', async () => {
    const cacheDir = await temporary();
    const { dir, hash } = await pretrainLab(settings, { cacheDir });
    const whole = await filesBelow(dir);
    const lab = JSON.parse(whole.get('lab.json')!.toString()) as Record<string, unknown>;
    const damage: [string, string | Buffer | undefined][] = [
      ['model.safetensors', whole.get('model.safetensors')!.subarray(0, 1000)],
      ['model.safetensors', flipped(whole.get('model.safetensors')!)],
      ['tokenizer.json', undefined],
      ['lab.json', 'null'],
      ['lab.json', JSON.stringify({ ...lab, finalLoss: 0 })],
    ];
    for (const [name, bytes] of damage) {
      await (bytes === undefined ? rm(join(dir, name)) : writeFile(join(dir, name), bytes));
      const told: string[] = [];
      const again = await pretrainLab(settings, { cacheDir, onDamage: (message) => told.push(message) });
      assert.equal(again.cached, false, name);
      assert.match(told.join(), new RegExp(name), name);
      const made = await filesBelow(dir);
      assert.deepEqual([...made.keys()].sort(), [...whole.keys()].sort());
      for (const [file, expected] of whole) if (file !== 'lab.json') assert.ok(made.get(file)!.equals(expected), file);
      assert.deepEqual(await readdir(cacheDir), [hash]);
    }
  });

  test('sweeps what killed processes left in the cache, and nothing else', async () => {
    const cacheDir = await temporary();
    const owner = (pid: number, host = hostname()) => JSON.stringify({ pid, host, born: null });
    const folders: [string, string | undefined][] = [
      ['.0123456789abcdef.4194305', owner(4194305)],
      ['.0123456789abcdef.00000001', owner(process.pid)],
      ['.0123456789abcdef.00000002', owner(4194305, 'elsewhere')],
      ['.0123456789abcdef.00000003', undefined],
      ['.mine', undefined],
    ];
    for (const [name, text] of folders) {
      await mkdir(join(cacheDir, name));
      if (text !== undefined) await writeFile(join(cacheDir, name, 'owner.json'), text);
    }
    const { hash } = await pretrainLab(settings, { cacheDir });
    assert.deepEqual((await readdir(cacheDir)).sort(), [...folders.slice(1).map(([name]) => name), hash].sort());
  });
});

function flipped(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  other[other.length - 5]! ^= 1;
  return other;
}
