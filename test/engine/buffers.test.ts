import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NativeEngine } from '../../src/engine/binding.js';
import type { Engine, GenerateRequest, LogprobRequest, StepMetrics } from '../../src/engine/index.js';
import { loadBinding } from '../../src/engine/load.js';
import type { GrpoStepArrays } from '../../src/engine/types.js';
import { WAYS } from './detach.js';
import { createTiny, drawn, generateRequest, ragged, TINY } from './tiny.js';

/** Every typed array inside a request. */
function arraysOf(request: object): ArrayBufferView[] {
  return Object.values(request).flatMap((value: unknown): ArrayBufferView[] => {
    if (ArrayBuffer.isView(value)) return [value];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? arraysOf(value) : [];
  });
}

const PROMPTS = [
  [1, 2, 3],
  [4, 5],
  [6, 7, 8, 9],
];
const COMPLETIONS = [Array.from({ length: 100 }, (_, i) => i % 64), [3, 2, 1], [5]];
const TOKENS = COMPLETIONS.flat().length;

const generateCall = (): GenerateRequest =>
  generateRequest({
    prompts: ragged(...PROMPTS),
    numGenerations: 40,
    maxNewTokens: 60,
    budgets: Int32Array.of(60, 50, 40),
    logitBias: new Float32Array(TINY.vocab).fill(0.5),
    promptKeys: Int32Array.of(7, 8, 9),
    admission: Int32Array.of(2, 0, 1),
    slots: 4,
  });
const logprobCall = (): LogprobRequest => ({ prompts: ragged(...PROMPTS), completions: ragged(...COMPLETIONS) });
const grpoCall = (): GrpoStepArrays => ({
  ...logprobCall(),
  advantages: Float32Array.of(1, -1, 0.5),
  oldLogps: new Float32Array(TOKENS).fill(-4),
  refLogps: new Float32Array(TOKENS).fill(-4.1),
  lossMask: Uint8Array.of(1, 1, 0),
  loss: { loss_type: 'dapo', beta: 0.1 },
  temperature: 1,
  maxCompletionLength: 100,
  learningRate: 0,
});

describe('the arrays of a call', () => {
  let engine: Engine;
  let native: NativeEngine;
  before(async () => {
    engine = await createTiny();
    native = await loadBinding().binding.createEngine(TINY.config, 7n, { threads: 1 });
  });
  after(() => Promise.all([engine.dispose(), native.dispose()]));

  const CALLS: Record<string, { make: () => object; run: (request: never) => Promise<unknown> }> = {
    generate: {
      make: generateCall,
      run: (request) => drawn(engine, request),
    },
    logprobs: { make: logprobCall, run: (request) => engine.logprobs(request) },
    grpoStep: { make: grpoCall, run: async (request) => timeless(await native.grpoStep(request)) },
    supervisedStep: {
      make: () => ({ ...logprobCall(), learningRate: 0 }),
      run: async (request) => timeless(await engine.supervisedStep(request)),
    },
  };
  const timeless = ({ loss, gradNorm, entropy, kl, lossTokens }: StepMetrics) => ({
    loss,
    gradNorm,
    entropy,
    kl,
    lossTokens,
  });

  for (const [name, { make, run }] of Object.entries(CALLS)) {
    for (const [way, detach] of Object.entries(WAYS)) {
      it(`of ${name} may leave by ${way} while it runs`, async () => {
        const expected = await run(make() as never);
        const request = make();
        // A call is in the way, so that this one has not even begun when its arrays go.
        const first = Promise.all([engine, native].map((each) => each.logprobs(logprobCall())));
        const pending = run(request as never);
        for (const array of arraysOf(request)) detach(array.buffer as ArrayBuffer);
        for (const array of arraysOf(request)) assert.equal(array.byteLength, 0);
        // What is allocated now may come to lie where they were.
        for (let i = 0; i < 200; i++) new Int32Array(1 + (i % 130)).fill(0x7fffffff);
        assert.deepEqual(await pending, expected);
        await first;
      });
    }

    it(`of ${name} may be changed once it is called`, async () => {
      const expected = await run(make() as never);
      const request = make();
      const pending = run(request as never);
      for (const array of arraysOf(request)) new Uint8Array(array.buffer).fill(0x7f);
      assert.deepEqual(await pending, expected);
    });
  }

  it('may be taken away by a getter of the request itself', async () => {
    const expected = (await drawn(engine, generateCall())).completions.ids;
    for (const detach of Object.values(WAYS)) {
      const request = generateCall();
      const { prompts, seed } = request;
      Object.defineProperty(request, 'seed', {
        get() {
          detach(prompts.ids.buffer as ArrayBuffer);
          detach(prompts.offsets.buffer as ArrayBuffer);
          return seed;
        },
      });
      assert.deepEqual((await drawn(engine, request)).completions.ids, expected);
      assert.equal(prompts.ids.length, 0);
    }
  });

  it('are read after the last getter that could take them away', async () => {
    const request = generateCall();
    const buffer = request.prompts.ids.buffer as ArrayBuffer;
    Object.defineProperty(buffer, 'resizable', {
      get() {
        WAYS['structuredClone with transfer']!(buffer);
        return false;
      },
    });
    await assert.rejects(engine.generate(request), { code: 'INVALID_ARGUMENT', message: /prompts\.ids: .*detached/ });
  });

  it('may have elements that add others without end', async () => {
    const stopIds: number[] = [0];
    Object.defineProperty(stopIds, 0, {
      get() {
        stopIds.push(1);
        return 0;
      },
    });
    assert.equal((await engine.generate(generateRequest({ stopIds }))).numRows, 6);
  });

  it('of results may be transferred, and the others stay', async () => {
    const expected = await drawn(engine, generateCall());
    const columns = await drawn(engine, generateCall());
    const ids = columns.completions.ids.buffer as ArrayBuffer;
    if ('transfer' in ids) {
      const moved = (ids as ArrayBuffer & { transfer(): ArrayBuffer }).transfer();
      assert.deepEqual(new Int32Array(moved), expected.completions.ids);
    }
    assert.deepEqual(columns.logps, expected.logps);
  });

  it('a call whose engine is disposed of by a getter is refused', async () => {
    const other = await createTiny();
    const request = generateCall();
    Object.defineProperty(request, 'seed', {
      get() {
        void other.dispose();
        return 1n;
      },
    });
    await assert.rejects(other.generate(request), { code: 'ENGINE_DISPOSED' });
  });
});

describe('a path', () => {
  it('with a NUL character is refused, not cut off there', async () => {
    const engine = await createTiny();
    const error = { code: 'INVALID_ARGUMENT', message: /NUL/ };
    await assert.rejects(engine.saveWeights('/tmp/glossa\0other'), error);
    await assert.rejects(engine.saveCheckpoint('/tmp/glossa\0other'), error);
    await assert.rejects(engine.loadState('/tmp/glossa\0other'), error);
    await engine.dispose();
  });
});
