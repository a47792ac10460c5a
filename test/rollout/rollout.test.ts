import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Dictionary, Float32, Int32, Utf8, type RecordBatch } from 'apache-arrow';
import type { RolloutColumns } from '../../src/engine/types.js';
import {
  readRolloutFile,
  SAMPLED_FIELDS,
  trainingColumns,
  wrapRollout,
  writeRolloutFile,
} from '../../src/rollout/index.js';

const dir = mkdtempSync(join(tmpdir(), 'glossa-rollout-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

function columns(): RolloutColumns {
  return {
    rows: 4,
    promptIndex: Int32Array.of(0, 0, 1, 1),
    sample: Int32Array.of(0, 1, 0, 1),
    promptIds: Int32Array.of(1, 2, 1, 2, 3, 3),
    promptOffsets: Int32Array.of(0, 2, 4, 5, 6),
    completionIds: Int32Array.of(10, 11, 12, 13, 14, 15, 16),
    completionOffsets: Int32Array.of(0, 1, 4, 6, 7),
    logps: Float32Array.of(-0.5, -1, -1.5, -2, -2.5, -3, -3.5),
    entropies: Float32Array.of(1, 2, 3, 4, 5, 6, 7),
    finish: Int8Array.of(0, 1, 2, 0),
    policyStep: Int32Array.of(9, 9, 9, 9),
    prefillSeconds: 0,
    decodeSeconds: 0,
  };
}

const additions = {
  reward: [1, null, 0, 0.5],
  advantage: Float32Array.of(1, NaN, -1, 0),
  rewards: { accuracy: [1, null, 0, 1] },
  words: { ko: Int32Array.of(3, 0, 1, 2), en: [0, 4, 1, 2] },
  text: ['답은 3', 'the answer', '', 'ok'],
  question: ['q0', 'q0', 'q1', 'q1'],
  answer: ['3', '3', '4', '4'],
  language: ['ko', 'ko', 'ko', 'en'],
  correct: [true, null, false, true],
};

const typeOf = (batch: RecordBatch, name: string): string =>
  String(batch.schema.fields.find((field) => field.name === name)?.type);

/** The same buffer object at the same place: writing through one is seen through the other. */
function sameMemory(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.byteLength === b.byteLength;
}

describe('wrapRollout', () => {
  it('wraps the sampler’s columns and gives them back without a copy', () => {
    const given = columns();
    const back = trainingColumns(wrapRollout(given, { advantage: Float32Array.of(1, 2, 3, 4) }));
    assert.ok(sameMemory(back.prompts.ids, given.promptIds));
    assert.ok(sameMemory(back.prompts.offsets, given.promptOffsets));
    assert.ok(sameMemory(back.completions.ids, given.completionIds));
    assert.ok(sameMemory(back.completions.offsets, given.completionOffsets));
    assert.ok(sameMemory(back.logps, given.logps));
    assert.ok(sameMemory(back.entropies, given.entropies));
    assert.ok(sameMemory(back.finish, given.finish));
    assert.ok(sameMemory(back.policyStep, given.policyStep));
  });

  it('wraps an added Float32Array without a copy', () => {
    const advantage = Float32Array.of(1, 2, 3, 4);
    const back = trainingColumns(wrapRollout(columns(), { advantage }));
    assert.ok(back.advantages !== undefined && sameMemory(back.advantages, advantage));
  });

  it('types every column as the schema says', () => {
    const batch = wrapRollout(columns(), additions);
    for (const name of ['prompt_index', 'sample', 'policy_step', 'words.ko']) {
      assert.equal(typeOf(batch, name), String(new Int32()), name);
    }
    for (const name of ['prompt_ids', 'completion_ids']) assert.match(typeOf(batch, name), /^List<Int32>$/, name);
    for (const name of ['logps', 'entropies']) assert.match(typeOf(batch, name), /^List<Float32>$/, name);
    for (const name of ['reward', 'advantage', 'reward.accuracy']) {
      assert.equal(typeOf(batch, name), String(new Float32()), name);
    }
    const finish: unknown = SAMPLED_FIELDS.finish.type;
    assert.ok(finish instanceof Dictionary && finish.dictionary instanceof Utf8);
    assert.equal(typeOf(batch, 'finish'), String(finish));
  });

  it('keeps null apart from zero', () => {
    const batch = wrapRollout(columns(), additions);
    assert.deepEqual(Array.from(batch.getChild('reward') ?? []), [1, null, 0, 0.5]);
    assert.deepEqual(Array.from(batch.getChild('advantage') ?? []), [1, null, -1, 0]);
    assert.deepEqual(Array.from(batch.getChild('correct') ?? []), [true, null, false, true]);
    assert.deepEqual(Array.from(trainingColumns(batch).advantages ?? []), [1, NaN, -1, 0]);
  });

  it('names a column with a wrong number of rows', () => {
    assert.throws(() => wrapRollout(columns(), { rewards: { format: [1] } }), {
      code: 'INVALID_ARGUMENT',
      message: /reward\.format: expected 4 values, one a row, got 1/,
    });
  });

  it('holds a rollout of no rows', async () => {
    const empty: RolloutColumns = {
      ...columns(),
      rows: 0,
      promptIndex: new Int32Array(),
      sample: new Int32Array(),
      promptIds: new Int32Array(),
      promptOffsets: Int32Array.of(0),
      completionIds: new Int32Array(),
      completionOffsets: Int32Array.of(0),
      logps: new Float32Array(),
      entropies: new Float32Array(),
      finish: new Int8Array(),
      policyStep: new Int32Array(),
    };
    const path = join(dir, 'empty.arrow');
    await writeRolloutFile(path, wrapRollout(empty, { text: [], language: [] }));
    assert.equal((await readRolloutFile(path)).numRows, 0);
  });
});

describe('rollout files', () => {
  it('read back what was written, column by column', async () => {
    const path = join(dir, '000001.arrow');
    const written = wrapRollout(columns(), additions);
    await writeRolloutFile(path, written);
    const read = await readRolloutFile(path);
    assert.deepEqual(
      read.schema.fields.map(({ name, nullable, type }) => [name, nullable, String(type)]),
      written.schema.fields.map(({ name, nullable, type }) => [name, nullable, String(type)]),
    );
    for (const { name } of written.schema.fields) {
      assert.equal(JSON.stringify(read.getChild(name)), JSON.stringify(written.getChild(name)), name);
    }
    assert.deepEqual(Array.from(read.getChild('finish') ?? []), ['stop', 'length', 'cancelled', 'stop']);
    const { prompts, completions, logps } = trainingColumns(read);
    assert.deepEqual(prompts, { ids: columns().promptIds, offsets: columns().promptOffsets });
    assert.deepEqual(completions, { ids: columns().completionIds, offsets: columns().completionOffsets });
    assert.deepEqual(logps, columns().logps);
  });

  it('appear whole, with no temporary file beside them', async () => {
    const folder = mkdtempSync(join(dir, 'whole-'));
    await writeRolloutFile(join(folder, 'a.arrow'), wrapRollout(columns()));
    assert.deepEqual(readdirSync(folder), ['a.arrow']);
  });

  it('are refused by name where they are missing or something else', async () => {
    await assert.rejects(readRolloutFile(join(dir, 'none.arrow')), { code: 'IO_ERROR', message: /none\.arrow/ });
    const path = join(dir, 'text.arrow');
    writeFileSync(path, 'not arrow at all, only some text that is long enough');
    await assert.rejects(readRolloutFile(path), { code: 'ROLLOUT_INVALID', message: /text\.arrow/ });
    const truncated = join(dir, 'truncated.arrow');
    await writeRolloutFile(truncated, wrapRollout(columns(), additions));
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(truncated);
    writeFileSync(truncated, bytes.subarray(0, bytes.length - 40));
    await assert.rejects(readRolloutFile(truncated), { code: 'ROLLOUT_INVALID', message: /truncated\.arrow/ });
  });
});
