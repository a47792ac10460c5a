import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { rowIds } from '../../src/base/ragged.js';
import { rolloutColumns, type Completed, type Engine, type SupervisedStepRequest } from '../../src/engine/index.js';
import { createTiny, drawn, generateRequest, longRequest, ragged } from './tiny.js';

const rows = Array.from({ length: 400 }, (_, i) => [(i % 60) + 1, 2, 3, 4, 5, 6, 7, 8]);
const longStep = (): SupervisedStepRequest => ({
  prompts: ragged(...rows.map(() => [1, 2])),
  completions: ragged(...rows.map((row) => Array.from({ length: 25 }, () => row).flat())),
  learningRate: 1e-2,
  microBatchTokens: 256,
});

describe('a job', () => {
  let engine: Engine;
  before(async () => {
    engine = await createTiny();
  });
  after(() => engine.dispose());

  it('rejects at once where the signal is already aborted', async () => {
    const signal = AbortSignal.abort();
    await assert.rejects(engine.generate(generateRequest(), { signal }), { code: 'ABORTED' });
    await assert.rejects(engine.logprobs({ prompts: ragged([1]), completions: ragged([2]) }, { signal }), {
      code: 'ABORTED',
    });
    await assert.rejects(engine.supervisedStep(longStep(), { signal }), { code: 'ABORTED' });
    assert.equal(engine.info().optimizerStep, 0);
  });

  it('generate stops soon after its signal and the engine goes on working', async () => {
    const controller = new AbortController();
    let abortedAt = 0;
    const onProgress = (): void => {
      abortedAt ||= performance.now();
      controller.abort();
    };
    await assert.rejects(engine.generate(longRequest(), { signal: controller.signal, onProgress }), {
      code: 'ABORTED',
    });
    assert.ok(abortedAt > 0 && performance.now() - abortedAt < 5_000);
    assert.equal((await engine.generate(generateRequest())).numRows, 6);
  });

  it('a training step that is aborted leaves weights and step count as they were', async () => {
    const probe = { prompts: ragged([1, 2, 3]), completions: ragged([4, 5, 6]) };
    const { logps } = await engine.logprobs(probe);
    const controller = new AbortController();
    const onProgress = (): void => {
      controller.abort();
    };
    await assert.rejects(engine.supervisedStep(longStep(), { signal: controller.signal, onProgress }), {
      code: 'ABORTED',
    });
    assert.equal(engine.info().optimizerStep, 0);
    assert.deepEqual((await engine.logprobs(probe)).logps, logps);
  });

  it('tells of completions while others are sampled, each once and as the rollout has it', async () => {
    const told = new Map<number, { ids: number[]; finish: number; at: number }>();
    const onCompleted = ({ rows: ended, completions, finish }: Completed): void => {
      ended.forEach((row, i) => {
        assert.ok(!told.has(row), `row ${String(row)} twice`);
        told.set(row, { ids: [...rowIds(completions, i)], finish: finish[i]!, at: performance.now() });
      });
    };
    // Few slots, so that the first end long before the last.
    const request = generateRequest({ numGenerations: 3000, maxNewTokens: 60, slots: 8 });
    const columns = rolloutColumns(await engine.generate(request, { onCompleted }));
    const end = performance.now();
    assert.ok(told.size > 1000 && told.size <= columns.rows, String(told.size));
    for (const [row, { ids, finish }] of told) {
      assert.deepEqual(ids, [...rowIds(columns.completions, row)]);
      assert.equal(finish, columns.finish[row]);
    }
    assert.ok(Math.min(...[...told.values()].map(({ at }) => at)) < end - 50);
    assert.deepEqual(rolloutColumns(await engine.generate(request)).logps, columns.logps);
    const fails = (): void => {
      throw new RangeError('the caller');
    };
    await assert.rejects(engine.generate(request, { onCompleted: fails }), RangeError);
  });

  it('a run may be reserved on a CPU, which takes nothing, and the ceiling is measured', async () => {
    const run = (prompts: number) => ({ generations: [{ prompts, samples: 1, promptTokens: 2, newTokens: 2 }] });
    await engine.reserve(run(1));
    assert.ok((await engine.measuredPeak()) > 1e8);
    await assert.rejects(engine.reserve(run(0)), { code: 'INVALID_ARGUMENT' });
  });

  it('reports progress at most ten times a second, and never after it has settled', async () => {
    const times: number[] = [];
    let settled = false;
    const job = engine.generate(generateRequest({ numGenerations: 400, maxNewTokens: 200, stopIds: [] }), {
      onProgress: ({ done, total, tokens }) => {
        assert.equal(settled, false);
        assert.equal(total, 800);
        assert.ok(done >= 0 && done <= total && tokens >= done);
        times.push(performance.now());
      },
    });
    await job;
    settled = true;
    await sleep(150);
    assert.ok(times.length > 0);
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    // The native clock spaces them by 100 ms; a busy event loop may deliver one late and the next in time.
    assert.ok(times.length <= 2 + ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 100, gaps.join(' '));
  });

  it('stops and rejects with what its progress callback throws', async () => {
    const failure = new Error('the screen is on fire');
    const onProgress = (): void => {
      throw failure;
    };
    await assert.rejects(engine.generate(longRequest(), { onProgress }), (error) => error === failure);
  });

  it('waits for the jobs asked for before it', async () => {
    const order: string[] = [];
    await Promise.all([
      engine.generate(generateRequest({ numGenerations: 100, maxNewTokens: 100 })).then(() => order.push('generate')),
      engine.logprobs({ prompts: ragged([1]), completions: ragged([2]) }).then(() => order.push('logprobs')),
      engine.setReference().then(() => order.push('setReference')),
    ]);
    assert.deepEqual(order, ['generate', 'logprobs', 'setReference']);
  });

  it('leaves the event loop free', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await engine.generate(generateRequest({ numGenerations: 400, maxNewTokens: 200, stopIds: [] }));
    clearInterval(timer);
    assert.ok(ticks >= 5, String(ticks));
  });
});

describe('dispose', () => {
  it('waits for the call in progress', async () => {
    const engine = await createTiny();
    const job = engine.generate(generateRequest({ numGenerations: 50, maxNewTokens: 100 }));
    const order: string[] = [];
    await Promise.all([job.then(() => order.push('job')), engine.dispose().then(() => order.push('dispose'))]);
    assert.deepEqual(order, ['job', 'dispose']);
    assert.equal((await job).numRows, 100);
  });

  it('is the end: every later call rejects with ENGINE_DISPOSED, a second dispose resolves', async () => {
    const engine = await createTiny();
    const disposed = engine.dispose();
    const error = { code: 'ENGINE_DISPOSED' };
    assert.throws(() => engine.info(), error);
    await assert.rejects(engine.generate(generateRequest()), error);
    await assert.rejects(engine.logprobs({ prompts: ragged([1]), completions: ragged([2]) }), error);
    await assert.rejects(engine.supervisedStep(longStep()), error);
    await assert.rejects(engine.setReference(), error);
    await assert.rejects(engine.saveWeights('x'), error);
    await assert.rejects(engine.saveCheckpoint('x'), error);
    await assert.rejects(engine.loadState('x'), error);
    await disposed;
    await engine.dispose();
    await assert.rejects(engine.generate(generateRequest()), error);
  });

  it('leaves results that were returned before alone', async () => {
    const engine = await createTiny();
    const { ids } = (await drawn(engine, generateRequest())).completions;
    const copy = ids.slice();
    await engine.dispose();
    assert.deepEqual(ids, copy);
  });
});

describe('two engines at once', () => {
  it('do not disturb each other', async () => {
    const [a, b] = await Promise.all([createTiny({}, 1n), createTiny({}, 2n)]);
    const request = generateRequest({ numGenerations: 20, maxNewTokens: 50 });
    const [alone, aloneB] = [await drawn(a, request), await drawn(b, request)];
    const [together, togetherB] = await Promise.all([drawn(a, request), drawn(b, request)]);
    assert.deepEqual(together.completions.ids, alone.completions.ids);
    assert.deepEqual(togetherB.completions.ids, aloneB.completions.ids);
    assert.notDeepEqual(alone.completions.ids, aloneB.completions.ids);
    await Promise.all([a.dispose(), b.dispose()]);
  });
});
