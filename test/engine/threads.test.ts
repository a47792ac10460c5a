import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { loadBinding } from '../../src/engine/load.js';
import { TINY } from './tiny.js';

const DEADLINE_MS = 20_000;

/** What every test here begins with: an engine and a job that takes many seconds, in plain JavaScript. */
const PRELUDE = `
  const native = require(${JSON.stringify(loadBinding().path)});
  const config = ${JSON.stringify(TINY.config)};
  const request = (numGenerations) => ({
    prompts: { ids: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 3) },
    numGenerations, maxNewTokens: 240, stopIds: [], slots: 16, seed: 1n, purpose: 'sample', step: 0,
  });
`;

const startWorker = (body: string): Worker =>
  new Worker(`${PRELUDE} const { parentPort } = require('node:worker_threads'); (async () => { ${body} })();`, {
    eval: true,
  });

const message = async (worker: Worker): Promise<unknown> => {
  const [value] = (await once(worker, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) })) as [unknown];
  return value;
};

/** Terminates the worker; fails where that takes too long. */
async function terminate(worker: Worker): Promise<void> {
  const ended = await Promise.race([worker.terminate(), sleep(DEADLINE_MS, 'late', { ref: false })]);
  assert.notEqual(ended, 'late');
}

describe('in a worker thread', () => {
  it('an engine is made, used and disposed', async () => {
    const worker = startWorker(`
      const engine = await native.createEngine(config, 7n, { threads: 1 });
      const { rows } = await engine.generate(request(3));
      await engine.dispose();
      parentPort.postMessage(rows);
    `);
    assert.equal(await message(worker), 3);
    const [code] = (await once(worker, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) })) as [number];
    assert.equal(code, 0);
  });

  it('the worker ends by itself though its engine was never disposed', async () => {
    const worker = startWorker(`
      globalThis.engine = await native.createEngine(config, 7n, { threads: 1 });
      parentPort.postMessage('made');
    `);
    await message(worker);
    await once(worker, 'exit', { signal: AbortSignal.timeout(DEADLINE_MS) });
  });

  it('terminate in the middle of a job neither crashes nor hangs', async () => {
    for (let round = 0; round < 6; round++) {
      const worker = startWorker(`
        const engine = await native.createEngine(config, 7n, { threads: 2 });
        engine.generate(request(100000), { onProgress: (progress) => parentPort.postMessage(progress) });
        engine.generate(request(100000));
      `);
      await message(worker);
      await sleep(round * 7);
      await terminate(worker);
    }
  });

  it('terminate while engines are being made neither crashes nor hangs', async () => {
    for (let round = 0; round < 6; round++) {
      const worker = startWorker(`
        parentPort.postMessage('up');
        for (;;) await Promise.all([1n, 2n, 3n].map((seed) => native.createEngine(config, seed, { threads: 1 })));
      `);
      await message(worker);
      await sleep(round * 11);
      await terminate(worker);
    }
  });

  it('workers that end together, each with engines in the making, neither crash nor hang', async () => {
    for (let round = 0; round < 6; round++) {
      const workers = [1, 2, 3].map(() =>
        startWorker(`
          parentPort.postMessage('up');
          for (;;) {
            const engines = await Promise.all([1n, 2n].map((seed) => native.createEngine(config, seed, { threads: 1 })));
            await Promise.all(engines.map((engine) => engine.dispose()));
          }
        `),
      );
      await Promise.all(workers.map(message));
      await sleep(round * 13);
      await Promise.all(workers.map(terminate));
    }
  });

  it('two workers and the main thread work side by side', async () => {
    const workers = [1, 2].map(() =>
      startWorker(`
        const engine = await native.createEngine(config, 7n, { threads: 1 });
        const { completions } = await engine.generate(request(20));
        parentPort.postMessage(completions.ids);
      `),
    );
    const { binding } = loadBinding();
    const engine = await binding.createEngine(TINY.config, 7n, { threads: 1 });
    const here = await engine.generate({
      prompts: { ids: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 3) },
      numGenerations: 20,
      maxNewTokens: 240,
      stopIds: [],
      slots: 16,
      seed: 1n,
      purpose: 'sample',
      step: 0,
    });
    for (const there of await Promise.all(workers.map(message))) assert.deepEqual(there, here.completions.ids);
    await engine.dispose();
    await Promise.all(workers.map(terminate));
  });
});

describe('a process', () => {
  const run = (body: string): { status: number | null; signal: string | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['-e', `${PRELUDE} (async () => { ${body} })();`], {
      encoding: 'utf8',
      timeout: DEADLINE_MS,
    });

  it('that exits in the middle of a job exits with its own code', () => {
    const { status, signal, stderr } = run(`
      const engine = await native.createEngine(config, 7n, { threads: 2 });
      engine.generate(request(100000), { onProgress: () => process.exit(7) });
    `);
    assert.deepEqual({ status, signal, stderr }, { status: 7, signal: null, stderr: '' });
  });

  it('that exits while its workers make and drop engines exits with its own code', () => {
    const { status, signal, stderr } = run(`
      const { Worker } = require('node:worker_threads');
      const body =
        "const [path, config] = require('node:worker_threads').workerData; const native = require(path);" +
        '(async () => { for (;;) await (await native.createEngine(config, 1n, { threads: 1 })).dispose(); })();';
      const workerData = [${JSON.stringify(loadBinding().path)}, config];
      for (let i = 0; i < 3; i++) new Worker(body, { eval: true, workerData });
      const engine = await native.createEngine(config, 7n, { threads: 2 });
      engine.generate(request(100000), { onProgress: () => process.exit(7) });
    `);
    assert.deepEqual({ status, signal, stderr }, { status: 7, signal: null, stderr: '' });
  });

  it('ends by itself when its last job is done, with an idle engine', () => {
    const { status, stdout } = run(`
      globalThis.engine = await native.createEngine(config, 7n, { threads: 2 });
      console.log((await engine.generate(request(2))).rows);
    `);
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '2\n' });
  });

  it('stays alive while a job runs', () => {
    const { status, stdout } = run(`
      const engine = await native.createEngine(config, 7n, { threads: 1 });
      engine.generate(request(200)).then(() => console.log('done'));
    `);
    assert.deepEqual({ status, stdout }, { status: 0, stdout: 'done\n' });
  });

  it('that fails with an uncaught error in the middle of a job reports that error', () => {
    const { status, stderr } = run(`
      const engine = await native.createEngine(config, 7n, { threads: 2 });
      engine.generate(request(100000));
      setTimeout(() => { throw new Error('something else'); }, 50);
    `);
    assert.equal(status, 1);
    assert.match(stderr, /something else/);
  });
});
