import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import type { NativeEngine } from '../../src/engine/binding.js';
import { fromNative } from '../../src/engine/engine.js';
import { createEngine, loadEngine, type Engine } from '../../src/engine/index.js';
import type { GrpoStepArrays } from '../../src/engine/types.js';
import { loadBinding } from '../../src/engine/load.js';
import { createTiny, generateRequest, ragged, TINY } from './tiny.js';

let engine: Engine;
/** Below the batch: what a step is given as arrays. */
let native: NativeEngine;
before(async () => {
  engine = await createTiny();
  native = await loadBinding().binding.createEngine(TINY.config, 7n, { threads: 1 });
});
after(() => Promise.all([engine.dispose(), native.dispose()]));

/** The call must reject with INVALID_ARGUMENT and a message that names the field and shows what was given. */
async function refuses(call: () => Promise<unknown>, ...patterns: RegExp[]): Promise<void> {
  await assert.rejects(call, (error: unknown) => {
    assert.ok(error instanceof GlossaError, String(error));
    assert.equal(error.code, 'INVALID_ARGUMENT', error.message);
    for (const pattern of patterns) assert.match(error.message, pattern);
    return true;
  });
}

const generate = (more: object): (() => Promise<unknown>) => {
  return () => engine.generate({ ...generateRequest(), ...more });
};

function grpoRequest(more: object = {}): GrpoStepArrays {
  return {
    prompts: ragged([1, 2], [3]),
    completions: ragged([4, 5, 6], [7]),
    advantages: Float32Array.of(1, -1),
    oldLogps: new Float32Array(4).fill(-4),
    loss: { loss_type: 'dapo' },
    temperature: 1,
    maxCompletionLength: 8,
    learningRate: 1e-3,
    ...more,
  };
}
const grpo = (more: object): (() => Promise<unknown>) => {
  return async () => {
    try {
      return await native.grpoStep(grpoRequest(more));
    } catch (error) {
      throw fromNative(error);
    }
  };
};

describe('a wrong scalar', () => {
  it('is refused by name, range and value', async () => {
    await refuses(
      generate({ numGenerations: 0 }),
      /generate\.numGenerations: expected an integer between 1 and \d+, got 0/,
    );
    await refuses(generate({ numGenerations: 1.5 }), /numGenerations.* got 1\.5/);
    await refuses(generate({ numGenerations: '3' }), /numGenerations.* got the string "3"/);
    await refuses(generate({ maxNewTokens: NaN }), /maxNewTokens.* got NaN/);
    await refuses(generate({ temperature: -1 }), /generate\.temperature: expected a number between 0 .* got -1/);
    await refuses(generate({ temperature: Infinity }), /temperature.* got Infinity/);
    await refuses(generate({ topP: 1.01 }), /topP: expected a number between 0 and 1, got 1\.01/);
    await refuses(generate({ minP: null }), /minP.* got null/);
    await refuses(generate({ topK: -1 }), /topK/);
    await refuses(generate({ seed: 7 }), /seed: expected a bigint .* got 7/);
    await refuses(generate({ seed: -1n }), /seed.* got the bigint -1n/);
    await refuses(generate({ seed: 2n ** 64n }), /seed/);
    await refuses(generate({ purpose: 'fun' }), /purpose: expected one of rollout, eval, sample, got the string "fun"/);
    await refuses(generate({ step: 2 ** 24 }), /step/);
    await refuses(generate({ slots: -2 }), /slots/);
    await refuses(
      grpo({ loss: { loss_type: 'ppo' } }),
      /grpoStep\.loss\.loss_type: expected one of grpo, bnpo, .*vespo/,
    );
    await refuses(grpo({ loss: undefined }), /grpoStep\.loss: expected an object/);
    const loss = (more: object) => grpo({ loss: { loss_type: 'dapo', ...more } });
    await refuses(loss({ epsilon: 2 }), /loss\.epsilon: expected a number between 0 and 1, got 2/);
    await refuses(loss({ delta: 0 }), /loss\.delta: expected a number at least 0\.000001, got 0/);
    await refuses(loss({ top_entropy_quantile: 1.5 }), /top_entropy_quantile/);
    await refuses(loss({ kl_estimator: 'k4' }), /kl_estimator: expected one of k1, k2, k3, got the string "k4"/);
    await refuses(
      loss({ importance_sampling_level: 'word' }),
      /importance_sampling_level: expected one of token, sequence/,
    );
    await refuses(grpo({ learningRate: undefined }), /learningRate: expected a number .* got undefined/);
    await refuses(grpo({ temperature: 0 }), /temperature/);
    await refuses(grpo({ adamBeta2: 1 }), /adamBeta2/);
  });

  it('is refused where an engine is made', async () => {
    await refuses(() => createEngine(TINY.config, 1 as unknown as bigint), /createEngine\.seed/);
    await refuses(
      () => createEngine({} as unknown as string, 1n),
      /createEngine\.config: expected a string, got an object/,
    );
    await refuses(() => createEngine(TINY.config, 1n, { threads: 0 }), /options\.threads/);
    await refuses(() => createEngine(TINY.config, 1n, { dtype: 'float16' as 'float32' }), /options\.dtype: .*bfloat16/);
    await refuses(() => loadEngine(3 as unknown as string), /loadEngine\.dir/);
  });

  it('is refused with the engine’s own code where only the engine can know', async () => {
    await assert.rejects(
      createEngine('{', 1n),
      (error: unknown) => error instanceof GlossaError && error.code === 'CONFIG_INVALID',
    );
    await assert.rejects(createEngine(TINY.config, 1n, { isa: 'abacus' }), /abacus/);
    await assert.rejects(loadEngine('/no/such/folder'), /no\/such\/folder/);
  });
});

describe('a wrong array', () => {
  it('is refused by kind', async () => {
    const { prompts } = generateRequest();
    await refuses(generate({ prompts: undefined }), /generate\.prompts: expected an object, got undefined/);
    await refuses(
      generate({ prompts: { ...prompts, ids: [1, 2, 3, 4, 5] } }),
      /prompts\.ids: .*Int32Array, got an array of length 5/,
    );
    await refuses(
      generate({ prompts: { ...prompts, ids: new Uint32Array(5) } }),
      /prompts\.ids: .* got a Uint32Array of length 5/,
    );
    await refuses(
      generate({ prompts: { ...prompts, offsets: new Float32Array(3) } }),
      /prompts\.offsets: .* got a Float32Array/,
    );
    await refuses(
      generate({ logitBias: new Float64Array(TINY.vocab) }),
      /logitBias: expected a Float32Array, got a Float64Array/,
    );
    await refuses(generate({ stopIds: Int32Array.of(1) }), /stopIds: expected an array/);
    await refuses(grpo({ lossMask: new Int8Array(2) }), /lossMask: expected a Uint8Array of length 2/);
  });

  it('is refused by length', async () => {
    await refuses(
      generate({ logitBias: new Float32Array(63) }),
      /logitBias: expected tables of 64 numbers each, the model's vocabulary, got 63 numbers/,
    );
    await refuses(generate({ budgets: Int32Array.of(8) }), /budgets: .* length 2/);
    await refuses(generate({ promptKeys: new Int32Array(3) }), /promptKeys/);
    await refuses(grpo({ advantages: Float32Array.of(1) }), /advantages: expected a Float32Array of length 2/);
    await refuses(
      grpo({ oldLogps: new Float32Array(5) }),
      /oldLogps: expected a Float32Array of length 4, got .* length 5/,
    );
    await refuses(grpo({ completions: ragged([4, 5, 6, 7]) }), /completions: expected 2 rows, as in prompts, got 1/);
  });

  it('is refused by content', async () => {
    await refuses(
      generate({ prompts: ragged([1, 64]) }),
      /prompts\.ids: expected token ids between 0 and 63, got 64 at index 1/,
    );
    await refuses(generate({ prompts: ragged([-1]) }), /got -1 at index 0/);
    await refuses(generate({ prompts: ragged([1], []) }), /offsets: expected rows of at least 1 ids, got 0 in row 1/);
    await refuses(generate({ prompts: ragged() }), /prompts: expected at least one row/);
    await refuses(generate({ stopIds: [0, 64] }), /stopIds\[1\].* got 64/);
    await refuses(
      generate({ budgets: Int32Array.of(8, 9) }),
      /budgets: expected values between 1 and maxNewTokens = 8, got 9 for prompt 1/,
    );
    await refuses(
      generate({ admission: Int32Array.of(1, 1) }),
      /admission: expected a permutation .* got 1 at index 1/,
    );
    await refuses(generate({ admission: Int32Array.of(0, 2) }), /admission/);
    await refuses(
      grpo({ advantages: Float32Array.of(1, NaN) }),
      /advantages: expected finite numbers, got .* in row 1/,
    );
    await refuses(grpo({ loss: { loss_type: 'dapo', beta: 0.1 } }), /refLogps: .*because beta is not 0/);
  });

  it('is refused where offsets fall, begin late or end elsewhere', async () => {
    const ids = Int32Array.of(1, 2, 3, 4);
    const offsets = (...values: number[]): (() => Promise<unknown>) =>
      generate({ prompts: { ids, offsets: Int32Array.from(values) } });
    await refuses(offsets(), /offsets: expected one more element than there are rows/);
    await refuses(offsets(1, 4), /offsets: expected 0 first, got 1/);
    await refuses(offsets(0, 3, 2, 4), /offsets: .* got -1 in row 1/);
    await refuses(offsets(0, 3), /offsets: expected to end at ids\.length = 4, got 3/);
    await refuses(offsets(0, 5), /offsets: expected to end at ids\.length = 4, got 5/);
    await refuses(offsets(0, 2 ** 31 - 1, -(2 ** 31), 4), /offsets/);
  });

  it('is refused beyond the context', async () => {
    await refuses(generate({ maxNewTokens: 254 }), /maxNewTokens: .*context of 256, got 3 \+ 254 for prompt 0/);
    await refuses(
      grpo({
        prompts: ragged([1], [2]),
        completions: ragged(new Array<number>(256).fill(3), [1]),
        oldLogps: new Float32Array(257),
      }),
      /completions: expected prompt and completion of at most 256 ids together, got 257 in row 0/,
    );
  });

  it('is refused over memory that can move: detached, resizable or shared', async () => {
    const detached = Int32Array.of(1, 2, 3);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    await refuses(generate({ prompts: { ids: detached, offsets: Int32Array.of(0, 3) } }), /prompts\.ids: .*detached/);

    const resizable = new Int32Array(Reflect.construct(ArrayBuffer, [12, { maxByteLength: 64 }]) as ArrayBuffer);
    resizable.set([1, 2, 3]);
    await refuses(generate({ prompts: { ids: resizable, offsets: Int32Array.of(0, 3) } }), /prompts\.ids: .*resizable/);

    const shared = new Int32Array(new SharedArrayBuffer(12)).fill(1);
    await refuses(generate({ prompts: { ids: shared, offsets: Int32Array.of(0, 3) } }), /prompts\.ids: .*shared/);
  });
});

describe('the raw binding', () => {
  it('refuses calls without arguments', () => {
    const { binding } = loadBinding();
    const raw = binding as unknown as Record<string, (...values: unknown[]) => unknown>;
    for (const name of ['createEngine', 'loadEngine', 'runGolden', 'bufferAddress']) {
      assert.throws(() => raw[name]?.(), { code: 'INVALID_ARGUMENT' }, name);
    }
  });

  it('refuses something that only looks like a cancel token', async () => {
    const { binding } = loadBinding();
    const native = await binding.createEngine(TINY.config, 1n, { threads: 1 });
    try {
      const cancel = Object.create(binding.CancelToken.prototype as object) as never;
      assert.throws(() => native.generate(generateRequest(), { cancel }), { code: 'INVALID_ARGUMENT' });
      assert.throws(() => native.generate(generateRequest(), { onProgress: 3 as never }), { code: 'INVALID_ARGUMENT' });
    } finally {
      await native.dispose();
    }
  });

  it('throws for a method called on another object', () => {
    const { binding } = loadBinding();
    const { prototype } = binding.NativeEngine;
    assert.throws(() => prototype.info.call({} as never));
    assert.throws(() => prototype.info.call(new binding.CancelToken() as never));
  });
});
