import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'node:test';
import type { RecordBatch } from 'apache-arrow';
import { createEngine, rolloutColumns, type Engine } from '../../src/engine/index.js';
import { loadBinding } from '../../src/engine/load.js';
import { createTiny, drawn, generateRequest, TINY } from './tiny.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function settleMemory(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    collect();
    await nextTurn();
  }
  return process.memoryUsage().rss;
}

describe('memory of results', () => {
  it('bufferAddress tells memory apart: a view moves by its offset, a copy lies elsewhere', () => {
    const { binding } = loadBinding();
    const array = new Float32Array(1024);
    assert.equal(binding.bufferAddress(array.subarray(10)) - binding.bufferAddress(array), 40n);
    assert.notEqual(binding.bufferAddress(array.slice()), binding.bufferAddress(array));
  });

  it('keeps a column alive without the others and after the engine', async () => {
    const engine = await createTiny();
    let batch: RecordBatch | undefined = await engine.generate(generateRequest());
    const { logps } = rolloutColumns(batch);
    const copy = logps.slice();
    batch = undefined;
    await engine.dispose();
    await settleMemory();
    assert.deepEqual(logps, copy);
  });
});

describe('memory', () => {
  it('does not grow over 200 engines made and disposed', async () => {
    const cycle = async (): Promise<void> => {
      const engine = await createTiny({ threads: 2 });
      await engine.generate(generateRequest());
      await engine.dispose();
    };
    for (let i = 0; i < 40; i++) await cycle();
    const before = await settleMemory();
    for (let i = 0; i < 200; i++) await cycle();
    const growth = (await settleMemory()) - before;
    assert.ok(growth < 24 * 2 ** 20, `${String(growth / 2 ** 20)} MiB`);
  });

  it('of rollouts is given back when they are collected', async () => {
    const engine = await createTiny();
    const request = generateRequest({ numGenerations: 200, maxNewTokens: 100, stopIds: [] });
    await engine.generate(request);
    await settleMemory();
    const before = process.memoryUsage().external;
    const kept = (await drawn(engine, request)).completions.ids;
    assert.ok(process.memoryUsage().external - before >= kept.byteLength);
    for (let i = 0; i < 20; i++) await engine.generate(request);
    await settleMemory();
    assert.ok(process.memoryUsage().external - before < 3 * 4 * kept.byteLength);
    await engine.dispose();
  });

  describe('of engines that are dropped without dispose', () => {
    const large = JSON.stringify({ ...(JSON.parse(TINY.config) as object), vocab_size: 60_000 });
    const make = async (): Promise<WeakRef<Engine>> => new WeakRef(await createEngine(large, 7n, { threads: 1 }));

    it('is told to V8, which collects them before there are many', async () => {
      const made: WeakRef<Engine>[] = [];
      for (let i = 0; i < 20; i++) made.push(await make());
      const alive = made.filter((engine) => engine.deref() !== undefined).length;
      assert.ok(alive < 15, `${String(alive)} of 20 engines, of 15 MB each, are still there`);
    });

    it('is given back', async () => {
      await make();
      const before = await settleMemory();
      for (let i = 0; i < 10; i++) await make();
      const growth = (await settleMemory()) - before;
      assert.ok(growth < 40 * 2 ** 20, `${String(growth / 2 ** 20)} MiB`);
    });
  });
});
