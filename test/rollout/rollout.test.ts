import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  Bool,
  Dictionary,
  Float32,
  Int32,
  List,
  Utf8,
  type DataType,
  type Field,
  type RecordBatch,
} from 'apache-arrow';
import { rolloutBatch, SAMPLED_FIELDS } from '../../src/engine/index.js';
import type { RolloutColumns } from '../../src/engine/types.js';
import {
  addColumns,
  ADDED_FIELDS,
  jsonLinesFile,
  readRolloutFile,
  rewardField,
  rolloutSteps,
  wordsField,
  writeRolloutFile,
  type RolloutAdditions,
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
    prompts: { ids: Int32Array.of(1, 2, 1, 2, 3, 3), offsets: Int32Array.of(0, 2, 4, 5, 6) },
    completions: { ids: Int32Array.of(10, 11, 12, 13, 14, 15, 16), offsets: Int32Array.of(0, 1, 4, 6, 7) },
    logps: Float32Array.of(-0.5, -1, -1.5, -2, -2.5, -3, -3.5),
    entropies: Float32Array.of(1, 2, 3, 4, 5, 6, 7),
    finish: Int8Array.of(0, 1, 2, 0),
    policyStep: Int32Array.of(9, 9, 9, 9),
  };
}

/** A batch of these columns and more. */
const wrapRollout = (sampled: RolloutColumns, added: RolloutAdditions = {}): RecordBatch =>
  addColumns(rolloutBatch(sampled), added);

const additions = {
  id: ['a', 'a', 'b', 'b'],
  suite: [null, null, null, null],
  file: ['p.jsonl', 'p.jsonl', 'p.jsonl', 'q.jsonl'],
  language: ['ko', 'ko', 'ko', 'en'],
  question: ['q0', 'q0', 'q1', 'q1'],
  gold: ['3', '3', '4', '4'],
  completion: ['답은 3', 'the answer 😀', '', 'ok'],
  answer: ['3', null, null, '4'],
  correct: [true, null, false, true],
  reward: [1, null, 0, 0.5],
  advantage: Float32Array.of(1, NaN, -1, 0),
  first_switch: [null, 0, null, 0.25],
  switches: Int32Array.of(0, 1, 0, 2),
  line_pass: [true, false, true, true],
  word_pass: [true, false, true, true],
  rewards: { accuracy: [1, null, 0, 1] },
  words: { ko: Int32Array.of(3, 0, 1, 2), en: [0, 4, 1, 2] },
};

const typeOf = (batch: RecordBatch, name: string): string =>
  String(batch.schema.fields.find((field) => field.name === name)?.type);

describe('a rollout batch', () => {
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
      prompts: { ids: new Int32Array(), offsets: Int32Array.of(0) },
      completions: { ids: new Int32Array(), offsets: Int32Array.of(0) },
      logps: new Float32Array(),
      entropies: new Float32Array(),
      finish: new Int8Array(),
      policyStep: new Int32Array(),
    };
    const path = join(dir, 'empty.parquet');
    await writeRolloutFile(path, wrapRollout(empty, { completion: [], language: [] }));
    assert.deepEqual(await readRolloutFile(path), []);
  });
});

describe('rollout files', () => {
  it('read back what was written, column by column', async () => {
    const path = join(dir, '000001.parquet');
    const written = wrapRollout(columns(), additions);
    await writeRolloutFile(path, written);
    const rows = await readRolloutFile(path);
    assert.deepEqual(
      Object.keys(rows[0]!),
      written.schema.fields.map(({ name }) => name),
    );
    for (const { name } of written.schema.fields) {
      const column = written.getChild(name)!;
      const wanted = Array.from({ length: written.numRows }, (_, row): unknown => column.get(row));
      assert.equal(JSON.stringify(rows.map((row) => row[name])), JSON.stringify(wanted), name);
    }
    assert.deepEqual(
      rows.map((row) => row['finish']),
      ['stop', 'length', 'cancelled', 'stop'],
    );
    assert.deepEqual(await readRolloutFile(path, ['sample', 'nothing']), [
      { sample: 0 },
      { sample: 1 },
      { sample: 0 },
      { sample: 1 },
    ]);
  });

  it('have the same bytes for the same batch', async () => {
    const [one, two] = [join(dir, 'one.parquet'), join(dir, 'two.parquet')];
    for (const path of [one, two]) await writeRolloutFile(path, wrapRollout(columns(), additions));
    assert.deepEqual(readFileSync(one), readFileSync(two));
  });

  it('hold any rows, in as many groups as it takes', async () => {
    const path = join(dir, 'many.parquet');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.option(fc.string({ unit: 'grapheme' }))), {
          maxLength: 12,
        }),
        async (given) => {
          const long = longColumns(given.map(([length]) => length));
          await writeRolloutFile(path, wrapRollout(long, { completion: given.map(([, text]) => text) }));
          const rows = await readRolloutFile(path);
          assert.equal(rows.length, given.length);
          for (const [row, [length, text]] of given.entries()) {
            assert.equal(rows[row]!['completion'] ?? null, text);
            const [start, end] = [long.completions.offsets[row]!, long.completions.offsets[row + 1]!];
            assert.equal(end - start, length);
            assert.deepEqual(
              Int32Array.from(rows[row]!['completion_ids'] as number[]),
              long.completions.ids.slice(start, end),
            );
            assert.deepEqual(Float32Array.from(rows[row]!['logps'] as number[]), long.logps.slice(start, end));
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  it('appear whole, with no temporary file beside them', async () => {
    const folder = mkdtempSync(join(dir, 'whole-'));
    await writeRolloutFile(join(folder, 'a.parquet'), wrapRollout(columns()));
    assert.deepEqual(readdirSync(folder), ['a.parquet']);
  });

  it('are refused by name where they are missing, something else, cut off or changed', async () => {
    await assert.rejects(readRolloutFile(join(dir, 'none.parquet')), { code: 'IO_ERROR', message: /none\.parquet/ });
    await assert.rejects(readRolloutFile(dir), { code: 'NOT_A_FILE' });
    const path = join(dir, 'damaged.parquet');
    await writeRolloutFile(path, wrapRollout(columns(), additions));
    const bytes = readFileSync(path);
    const damaged = [Buffer.from('not a table at all, only some text'), Buffer.alloc(0), bytes.subarray(0, -40)];
    for (const wrong of damaged) {
      writeFileSync(path, wrong);
      await assert.rejects(readRolloutFile(path), { code: 'ROLLOUT_INVALID', message: /damaged\.parquet/ });
    }
  });

  it('are listed by step, and those of an earlier version are named', async () => {
    const folder = mkdtempSync(join(dir, 'steps-'));
    assert.deepEqual(await rolloutSteps(join(folder, 'nothing')), []);
    writeFileSync(join(folder, '000003.arrow'), '');
    await assert.rejects(rolloutSteps(folder), { code: 'ROLLOUT_INVALID', message: /000003\.arrow/ });
    for (const name of ['000010.parquet', '000002.parquet', '1234567.parquet', '.000004.parquet.1-00.tmp'])
      writeFileSync(join(folder, name), '');
    assert.deepEqual(await rolloutSteps(folder), [2, 10, 1234567]);
  });
});

describe('jsonLinesFile', () => {
  it('has the columns of the Parquet file', async () => {
    const batch = wrapRollout(columns(), additions);
    let text = '';
    for await (const part of jsonLinesFile([batch])) text += part;
    const lines = text.trimEnd().split('\n');
    const path = join(dir, 'same.parquet');
    await writeRolloutFile(path, batch);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      JSON.parse(JSON.stringify(await readRolloutFile(path))),
    );
  });
});

/** One prompt, and completions of these lengths. */
function longColumns(lengths: readonly number[]): RolloutColumns {
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, row) => (offsets[row + 1] = offsets[row]! + length));
  const total = offsets[lengths.length]!;
  return {
    rows: lengths.length,
    promptIndex: new Int32Array(lengths.length),
    sample: Int32Array.from(lengths, (_, row) => row),
    prompts: {
      ids: Int32Array.from(lengths, (_, row) => row),
      offsets: Int32Array.from({ length: lengths.length + 1 }, (_, row) => row),
    },
    completions: { ids: Int32Array.from({ length: total }, (_, i) => (i * 7919) % 151_936), offsets },
    logps: Float32Array.from({ length: total }, (_, i) => (i % 101 === 0 ? -Infinity : -1 / (i + 1))),
    entropies: new Float32Array(total),
    finish: new Int8Array(lengths.length),
    policyStep: new Int32Array(lengths.length),
  };
}

describe('docs/rollouts.md', () => {
  it('lists the columns with their types', () => {
    const page = readFileSync(new URL('../../docs/rollouts.md', import.meta.url), 'utf8');
    const listed = new Map(
      [...page.matchAll(/^\| (`[^|]+`) \| (int32|float|text|bool|list of int32|list of float) \|/gm)].flatMap((row) =>
        [...row[1]!.matchAll(/`([^`]+)`/g)].map((name): [string, string] => [name[1]!, row[2]!]),
      ),
    );
    const kind = (type: DataType): string => {
      if (type instanceof List) return `list of ${kind(type.valueType as DataType)}`;
      return type instanceof Int32
        ? 'int32'
        : type instanceof Float32
          ? 'float'
          : type instanceof Bool
            ? 'bool'
            : 'text';
    };
    const fields: Field<DataType>[] = [
      ...Object.values(SAMPLED_FIELDS),
      ...Object.values(ADDED_FIELDS),
      rewardField('<name>'),
      wordsField('<lang>'),
    ];
    assert.deepEqual(listed, new Map(fields.map(({ name, type }) => [name, kind(type)])));
  });
});
