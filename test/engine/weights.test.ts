import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { GlossaError } from '../../src/base/error.js';
import { createEngine, loadEngine, type EngineOptions } from '../../src/engine/index.js';
import { drawn, generateRequest, ragged, TINY } from './tiny.js';

const folders: string[] = [];
after(async () => {
  for (const dir of folders) await rm(dir, { recursive: true });
});
const temporary = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-weights-'));
  folders.push(dir);
  return dir;
};

/** A tiny model with a field of its own in config.json, saved. */
async function saved(onDisk?: 'float32' | 'bfloat16' | 'float16', shardBytes?: number): Promise<string> {
  const dir = await temporary();
  const config = { ...(JSON.parse(TINY.config) as object), eos_token_id: [3, 5], made_by: 'somebody' };
  const engine = await createEngine(JSON.stringify(config), 3n, { threads: 1 });
  await engine.saveWeights(dir, onDisk, shardBytes);
  await engine.dispose();
  return dir;
}

const load = (dir: string, options: EngineOptions = {}) => loadEngine(dir, { threads: 1, ...options });

describe('a frozen engine', () => {
  it('draws and scores what the engine that trains does, to the bit', async () => {
    const dir = await saved('bfloat16');
    const batch = { prompts: ragged([1, 2, 3], [4, 5]), completions: ragged([6, 7], [8, 9, 10]) };
    for (const dtype of ['float32', 'bfloat16'] as const) {
      const trains = await load(dir, { dtype });
      const frozen = await load(dir, { dtype, frozen: true });
      assert.deepEqual([trains.info().frozen, frozen.info().frozen], [false, true]);
      const seen = [];
      for (const engine of [trains, frozen]) {
        const { completions, logps } = await drawn(engine, generateRequest());
        seen.push({ completions, logps, scored: await engine.logprobs(batch) });
        await engine.dispose();
      }
      assert.deepEqual(seen[0], seen[1]);
    }
  });

  it('refuses to train and to save', async () => {
    const engine = await load(await saved(), { frozen: true });
    const dir = await temporary();
    const rejected = { code: 'ENGINE_FROZEN' };
    const sequences = { prompts: ragged([1]), completions: ragged([2]) };
    await assert.rejects(engine.supervisedStep({ ...sequences, learningRate: 0 }), rejected);
    await assert.rejects(engine.setReference(), rejected);
    await assert.rejects(engine.saveWeights(dir), rejected);
    await assert.rejects(engine.saveCheckpoint(dir), rejected);
    await assert.rejects(engine.loadState(join(dir, 'state')), rejected);
    assert.deepEqual(await readdir(dir), []);
    await engine.dispose();
  });
});

describe('saved weights', () => {
  it('come in shards above the limit, and config.json keeps what it said with the type of the weights', async () => {
    const dir = await saved('float16', 20_000);
    const names = await readdir(dir);
    assert.ok(names.includes('model.safetensors.index.json') && !names.includes('model.safetensors'));
    const count = names.filter((name) => /^model-\d{5}-of-\d{5}\.safetensors$/.test(name)).length;
    assert.ok(count > 1);
    const config = JSON.parse(await readFile(join(dir, 'config.json'), 'utf8')) as Record<string, unknown>;
    assert.deepEqual(config, {
      ...(JSON.parse(TINY.config) as object),
      eos_token_id: [3, 5],
      made_by: 'somebody',
      torch_dtype: 'float16',
    });
    const engine = await load(dir);
    const again = await temporary();
    await engine.saveWeights(again, 'float16', 20_000);
    await engine.dispose();
    for (const name of names)
      assert.deepEqual(await readFile(join(again, name)), await readFile(join(dir, name)), name);
  });

  it('that are damaged reject with a code and the place', async () => {
    const dir = await saved('float32', 20_000);
    const shard = (await readdir(dir)).find((name) => name.startsWith('model-00002'))!;
    const bytes = await readFile(join(dir, shard));
    await writeFile(join(dir, shard), bytes.subarray(0, bytes.length - 1));
    await assert.rejects(load(dir), { code: 'CHECKPOINT_TRUNCATED', message: new RegExp(shard) });
    await rm(join(dir, shard));
    await assert.rejects(load(dir), { code: 'CHECKPOINT_MISSING', message: new RegExp(shard) });
  });

  it('wrong arguments are refused by name', async () => {
    const engine = await createEngine(TINY.config, 3n, { threads: 1 });
    const dir = await temporary();
    const refuse = (onDisk: unknown, shardBytes: unknown, message: RegExp) =>
      assert.rejects(engine.saveWeights(dir, onDisk as 'float32', shardBytes as number), {
        code: 'INVALID_ARGUMENT',
        message,
      });
    await refuse('int8', undefined, /saveWeights\.onDisk/);
    await refuse('float32', 0, /saveWeights\.shardBytes/);
    await refuse('float32', 1.5, /saveWeights\.shardBytes/);
    await assert.rejects(createEngine(TINY.config, 3n, { frozen: 1 as unknown as boolean }), /options\.frozen/);
    await engine.dispose();
  });
});

describe('what is no file in a model’s folder', () => {
  const cases: [string, string, (path: string) => Promise<void>][] = [];
  for (const name of ['config.json', 'model.safetensors', 'model.safetensors.index.json'])
    cases.push(
      [name, 'a FIFO', (path) => Promise.resolve(void execFileSync('mkfifo', [path]))],
      [name, 'a link to a device', (path) => symlink('/dev/zero', path)],
      [name, 'a folder', (path) => mkdir(path).then(() => undefined)],
    );
  for (const [name, what, make] of cases)
    it(`is refused at once: ${what} as ${name}`, async () => {
      const dir = await saved();
      if (name.endsWith('index.json')) await rm(join(dir, 'model.safetensors'));
      await rm(join(dir, name), { force: true });
      await make(join(dir, name));
      await assert.rejects(load(dir), (error: Error) => {
        assert.equal((error as GlossaError).code, 'NOT_A_FILE', error.message);
        assert.ok(error.message.includes(join(dir, name)));
        return true;
      });
    });
});
