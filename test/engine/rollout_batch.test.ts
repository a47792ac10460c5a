import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Field, Float32, Int32, List, vectorFromArray, type Data, type RecordBatch } from 'apache-arrow';
import type { NativeEngine } from '../../src/engine/binding.js';
import {
  rolloutBatch,
  rolloutColumns,
  withColumns,
  withReference,
  type Engine,
  type GrpoStepRequest,
  type RolloutColumns,
} from '../../src/engine/index.js';
import { loadBinding } from '../../src/engine/load.js';
import { grpoStepArrays } from '../../src/engine/rollout_columns.js';
import { addColumns } from '../../src/rollout/index.js';
import { detachAtOnce, WAYS } from './detach.js';
import { createTiny, generateRequest, ragged, TINY } from './tiny.js';

const { binding } = loadBinding();
const address = (array: ArrayBufferView): bigint => binding.bufferAddress(array);

const SETTINGS = {
  loss: { loss_type: 'dapo', beta: 0.1 },
  temperature: 1,
  maxCompletionLength: 60,
  learningRate: 0,
} as const;

const UNANCHORED = { loss: { loss_type: 'dapo' } };

let engine: Engine;
let native: NativeEngine;
before(async () => {
  engine = await createTiny();
  await engine.setReference();
  native = await binding.createEngine(TINY.config, 7n, { threads: 1 });
});
after(() => Promise.all([engine.dispose(), native.dispose()]));

/** A rollout of two prompts, graded and with the reference's log-probabilities, in the memory that the engine gave. */
async function trainable(numGenerations = 3): Promise<RecordBatch> {
  const batch = await engine.generate(generateRequest({ numGenerations, maxNewTokens: 60 }));
  const { logps, entropies } = await engine.logprobs({ ...rolloutColumns(batch), reference: true });
  detachAtOnce(entropies.buffer as ArrayBuffer); // it would keep the others' memory
  return withReference(addColumns(batch, { advantage: advantagesOf(batch.numRows) }), logps);
}

const advantagesOf = (rows: number): Float32Array => Float32Array.from({ length: rows }, (_, row) => Math.sin(row + 1));

/** The same numbers in memory of JavaScript's own. */
function copied(batch: RecordBatch): RecordBatch {
  const { prompts, completions, logps, ...columns } = rolloutColumns(batch);
  const copy = ({ ids, offsets }: RolloutColumns['prompts']) => ({ ids: ids.slice(), offsets: offsets.slice() });
  const own = rolloutBatch({
    ...{ ...columns, prompts: copy(prompts), completions: copy(completions), logps: logps.slice() },
  });
  const { refLogps } = grpoStepArrays({ batch, ...SETTINGS });
  return withReference(addColumns(own, { advantage: advantagesOf(batch.numRows) }), refLogps!.slice());
}

/** Every buffer of the batch: as long as one is there, the memory of all of them is. */
function buffersOf({ data }: RecordBatch): ArrayBuffer[] {
  const viewsOf = ({ valueOffsets, values, children }: Data): ArrayBufferView[] =>
    [valueOffsets, values as unknown, ...children.flatMap(viewsOf)].filter((each) => ArrayBuffer.isView(each));
  return [...new Set(viewsOf(data).map(({ buffer }) => buffer as ArrayBuffer))].filter((each) => each.byteLength > 0);
}

async function step(batch: RecordBatch, more: Partial<GrpoStepRequest> = {}) {
  const metrics = await engine.grpoStep({ batch, ...SETTINGS, ...more });
  const { loss, gradNorm, entropy, kl, lossTokens, logpMaxAbsDiff } = metrics;
  return { loss, gradNorm, entropy, kl, lossTokens, logpMaxAbsDiff };
}

describe('a rollout', () => {
  it('goes from the engine to Arrow and back into a step without a copy: the addresses are equal', async () => {
    const batch = await trainable();
    const columns = rolloutColumns(batch);
    const arrays = grpoStepArrays({ batch, ...SETTINGS });
    const read = native.grpoAddresses(arrays);
    assert.equal(read.promptIds, address(columns.prompts.ids));
    assert.equal(read.completionIds, address(columns.completions.ids));
    assert.equal(read.oldLogps, address(columns.logps));
    assert.equal(read.refLogps, address(arrays.refLogps!));
    for (const place of Object.values(read)) assert.notEqual(place, 0n);
    // What native code gave is what Arrow holds.
    const given = await native.generate(generateRequest());
    const back = rolloutColumns(rolloutBatch(given));
    for (const name of ['prompts', 'completions'] as const) {
      assert.equal(address(back[name].ids), address(given[name].ids));
      assert.equal(address(back[name].offsets), address(given[name].offsets));
    }
    for (const name of ['promptIndex', 'sample', 'logps', 'entropies', 'finish', 'policyStep'] as const)
      assert.equal(address(back[name]), address(given[name]), name);
  });

  it('is read where it lies by rows too, as steps on parts of a generation do', async () => {
    const batch = await trainable();
    const { prompts, completions, logps } = rolloutColumns(batch);
    const [start, end] = [2, 5];
    const read = native.grpoAddresses(grpoStepArrays({ batch: batch.slice(start, end), ...SETTINGS }));
    const at = (array: Int32Array | Float32Array, offsets: Int32Array) => address(array.subarray(offsets[start]));
    assert.equal(read.promptIds, at(prompts.ids, prompts.offsets));
    assert.equal(read.completionIds, at(completions.ids, completions.offsets));
    assert.equal(read.oldLogps, at(logps, completions.offsets));
  });

  it('of JavaScript’s own memory is copied', async () => {
    const own = copied(await trainable());
    const arrays = grpoStepArrays({ batch: own, ...SETTINGS });
    const read = native.grpoAddresses(arrays);
    assert.notEqual(read.promptIds, address(arrays.prompts.ids));
    assert.notEqual(read.completionIds, address(arrays.completions.ids));
    assert.notEqual(read.oldLogps, address(arrays.oldLogps));
    assert.notEqual(read.refLogps, address(arrays.refLogps!));
    assert.notEqual(read.advantages, address(arrays.advantages));
  });

  it('trains alike from either memory, whole or by rows', async () => {
    const batch = await trainable();
    const own = copied(batch);
    assert.deepEqual(await step(own), await step(batch));
    assert.deepEqual(await step(own.slice(1, 4)), await step(batch.slice(1, 4)));
    const parts = [await step(batch.slice(0, 3)), await step(batch.slice(3, 6))];
    const whole = await step(batch);
    assert.equal(parts[0]!.lossTokens + parts[1]!.lossTokens, whole.lossTokens);
    assert.equal(whole.logpMaxAbsDiff, 0);
    assert.equal(whole.kl, 0);
    assert.notEqual(parts[0]!.loss, parts[1]!.loss);
  });
});

describe('while a step waits and runs', () => {
  for (const [memory, make] of Object.entries({
    'the engine’s memory': trainable,
    'JavaScript’s memory': trainableOwn,
  })) {
    for (const [way, detach] of Object.entries(WAYS)) {
      it(`columns in ${memory} may leave by ${way}`, async () => {
        const batch = await make(40);
        const expected = await step(batch);
        const inTheWay = engine.generate(generateRequest({ numGenerations: 400, maxNewTokens: 200, stopIds: [] }));
        const pending = step(batch);
        detachAll(buffersOf(batch), detach, way);
        await overwriteFreed();
        await inTheWay;
        assert.deepEqual(await pending, expected);
      });
    }
  }

  it('ids that are written over end in an error or another result, never elsewhere in memory', async () => {
    for (let round = 0; round < 8; round++) {
      const batch = await trainable(200);
      const { prompts, completions } = rolloutColumns(batch);
      let running = true;
      const pending = engine
        .grpoStep({ batch, ...SETTINGS, microBatchTokens: 64 }, { onProgress: () => undefined })
        .catch((error: unknown) => error)
        .finally(() => (running = false));
      for (let i = 0; running; i++) {
        if (i >= round) for (const { ids } of [prompts, completions]) ids.fill(i % 2 === 0 ? 0x7fffffff : -1);
        await nextTurn();
      }
      const outcome = (await pending) as { code?: string; lossTokens?: number };
      assert.ok(outcome.code === 'TOKEN_OUT_OF_RANGE' || outcome.lossTokens === completions.ids.length);
    }
    await step(await trainable());
  });
});

/** What is allocated now comes to lie where freed memory was. */
async function overwriteFreed(): Promise<void> {
  await nextTurn(); // finalizers
  for (let i = 0; i < 200; i++) new Int32Array(1 + (i % 130)).fill(0x7fffffff);
  for (const numGenerations of [10, 20, 40, 80])
    await native.generate(generateRequest({ numGenerations, maxNewTokens: 60, seed: 5n }));
}

/** Node gives an addon's memory to no other thread: it copies it, or refuses. V8 itself detaches every buffer. */
function detachAll(buffers: ArrayBuffer[], detach: (buffer: ArrayBuffer) => void, way: string): void {
  for (const buffer of buffers) {
    try {
      detach(buffer);
    } catch (error) {
      assert.equal((error as Error).name, 'DataCloneError');
    }
    if (way.startsWith('V8') || way.startsWith('ArrayBuffer')) assert.equal(buffer.byteLength, 0);
  }
}

async function trainableOwn(numGenerations: number): Promise<RecordBatch> {
  return copied(await trainable(numGenerations));
}

describe('a batch that no step can be made on', () => {
  const good = (): RecordBatch =>
    rolloutBatch({
      rows: 2,
      promptIndex: Int32Array.of(0, 0),
      sample: Int32Array.of(0, 1),
      prompts: ragged([1, 2], [1, 2]),
      completions: ragged([3, 4, 5], [6]),
      logps: new Float32Array(4).fill(-4),
      entropies: new Float32Array(4),
      finish: Int8Array.of(0, 1),
      policyStep: new Int32Array(2),
    });
  const refused = (batch: RecordBatch, message: RegExp) =>
    assert.rejects(engine.grpoStep({ batch, ...SETTINGS, ...UNANCHORED }), { code: 'ROLLOUT_INVALID', message });

  it('is refused by column', async () => {
    const graded = addColumns(good(), { advantage: Float32Array.of(1, -1) });
    assert.equal((await step(graded, UNANCHORED)).lossTokens, 4);
    await refused(good(), /column advantage: expected the column, got none/);
    await refused(
      addColumns(good(), { advantage: [1, null] }),
      /column advantage: expected a number in every row, got null/,
    );
    const without = (name: string): RecordBatch =>
      graded.selectAt(graded.schema.fields.flatMap((field, index) => (field.name === name ? [] : [index])));
    await refused(without('prompt_index'), /column prompt_index: .* got none/);
    const other = (name: string, type: Int32 | List<Float32>, values: unknown[]): RecordBatch =>
      withColumns(without(name), [
        { field: new Field(name, type, false), data: vectorFromArray(values, type).data[0]! },
      ]);
    const floats = new List(new Field('item', new Float32(), false));
    await refused(other('logps', floats, [[-1], [-1, -2, -3]]), /column logps: expected lists as long as .* row 0/);
    await refused(other('logps', floats, [[-1, -2, -3], []]), /column logps: .* row 1/);
    await refused(other('logps', new Int32(), [1, 2]), /column logps: expected a list, got Int/);
    await refused(other('completion_ids', floats, [[3, 4, 5], [6]]), /column completion_ids: .*Int32Array, got Float/);
    await assert.rejects(engine.grpoStep({ batch: graded, ...SETTINGS }), {
      code: 'INVALID_ARGUMENT',
      message: /refLogps: .*because beta is not 0/,
    });
  });

  it('is refused where the reference covers other tokens', () => {
    assert.throws(() => grpoStepArrays({ batch: withReference(good(), new Float32Array(3)), ...SETTINGS }), {
      code: 'ROLLOUT_INVALID',
    });
  });
});
