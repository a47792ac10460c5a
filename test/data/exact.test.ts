import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadDataSet, openRows, remarks } from '../../src/data/index.js';
import type { DataSetSettings } from '../../src/data/types.js';
import { sharedPath } from '../shared.js';

// Written by pyarrow, two rows: q text, f32 float, d9 decimal(9,2), d20 decimal(20,3), d60 decimal(60,2), u64, l int64,
// reward_model {ground_truth text, n decimal(9,2)}, prompt list of {role, content}; zstd.
const PARQUET =
  'UEFSMRUEFRQVJkwVBBUAEgAAKLUv/SAKUQAAAQAAAGEBAAAAYhUAFRIVJCwVBBUQFQYVBhwAAAAotS/9IAlJAAACAAAABAEBAwIVBBUQFSJMFQQVAB' +
  'IAACi1L/0gCEEAAMP1SEDNzMw9FQAVEhUkLBUEFRAVBhUGHAAAACi1L/0gCUkAAAIAAAAEAQEDAhUEFRAVIkwVBBUAEgAAKLUv/SAIQQAAAAAAc///' +
  '//sVABUSFSQsFQQVEBUGFQYcAAAAKLUv/SAJSQAAAgAAAAQBAQMCFQQVEhUkTBUCFQASAAAotS/9IAlJAAAAq1SpjOsfB9UVABUSFSQsFQQVEBUGFQ' +
  'YcAAAAKLUv/SAJSQAAAgAAAAMBAQIAFQQVaBVOTBUEFQASAAAotS/9IDT1AACwAABz//HT7lk0BqTP9p1AKprqWb27KQIAIMM1wAIVABUSFSQsFQQV' +
  'EBUGFQYcAAAAKLUv/SAJSQAAAgAAAAQBAQMCFQQVIBUyTBUEFQASAAAotS/9IBCBAAD//////////wAAAAAAAAAAFQAVEhUkLBUEFRAVBhUGHAAAAC' +
  'i1L/0gCUkAAAIAAAAEAQEDAhUEFSAVMkwVBBUAEgAAKLUv/SAQgQAAAQAAAAAAAAACAAAAAAAAABUAFRIVJCwVBBUQFQYVBhwAAAAotS/9IAlJAAAC' +
  'AAAABAEBAwIVBBUUFSZMFQQVABIAACi1L/0gClEAAAEAAAA1AQAAADYVABUSFSQsFQQVEBUGFQYcAAAAKLUv/SAJSQAAAgAAAAQCAQMCFQQVEBUiTB' +
  'UEFQASAAAotS/9IAhBAAAAAABuAAAA3BUAFRIVJCwVBBUQFQYVBhwAAAAotS/9IAlJAAACAAAABAIBAwIVBBUQFSJMFQIVABIAACi1L/0gCEEAAAQA' +
  'AAB1c2VyFQAVHhUwLBUEFRAVBhUGHAAAACi1L/0gD3kAAAIAAAAEAAIAAAAEBAEEABUEFSYVOEwVBBUAEgAAKLUv/SATmQAABQAAAGZpcnN0BgAAAH' +
  'NlY29uZBUAFR4VMCwVBBUQFQYVBhwAAAAotS/9IA95AAACAAAABAACAAAABAQBAwIVBBn8EDUAGAZzY2hlbWEVEgAVDCUCGAFxJQBMHAAAABUIJQIY' +
  'A2YzMgAVDhUIFQIYAmQ5JQoVBBUSLFwVBBUSAAAAFQ4VEhUCGANkMjAlChUGFSgsXBUGFSgAAAAVDhU0FQIYA2Q2MCUKFQQVeCxcFQQVeAAAABUEJQ' +
  'IYA3U2NCUcTKwTQBIAAAAVBCUCGAFsADUCGAxyZXdhcmRfbW9kZWwVBAAVDCUCGAxncm91bmRfdHJ1dGglAEwcAAAAFQ4VCBUCGAFuJQoVBBUSLFwV' +
  'BBUSAAAANQIYBnByb21wdBUCFQZMPAAAADUEGARsaXN0FQIANQIYB2VsZW1lbnQVBAAVDCUCGARyb2xlJQBMHAAAABUMJQIYB2NvbnRlbnQlAEwcAA' +
  'AAFgQZHBm8JgAcFQwZNQAGEBkYAXEVDBYEFmgWjAEmSiYIKSwVBBUAFQIAFQAVEBUCADwWBBkGGSYABAAAACYAHBUIGTUABhAZGANmMzIVDBYEFmQW' +
  'iAEm0gEmlAEpLBUEFQAVAgAVABUQFQIAPCkGGSYABAAAACYAHBUOGTUABhAZGAJkORUMFgQWZBaIASbaAiacAiksFQQVABUCABUAFRAVAgA8KQYZJg' +
  'AEAAAAJgAcFQ4ZNQAGEBkYA2QyMBUMFgQWZhaKASbkAyakAyksFQQVABUCABUAFRAVAgA8KQYZJgICAAAAJgAcFQ4ZNQAGEBkYA2Q2MBUMFgQWvAEW' +
  'tAEmmAUmrgQpLBUEFQAVAgAVABUQFQIAPCkGGSYABAAAACYAHBUEGTUABhAZGAN1NjQVDBYEFnQWmAEmsAYm4gUpLBUEFQAVAgAVABUQFQIAPCkGGS' +
  'YABAAAACYAHBUEGTUABhAZGAFsFQwWBBZ0FpgBJsgHJvoGKSwVBBUAFQIAFQAVEBUCADwpBhkmAAQAAAAmABwVDBk1AAYQGSgMcmV3YXJkX21vZGVs' +
  'DGdyb3VuZF90cnV0aBUMFgQWaBaMASbUCCaSCCksFQQVABUCABUAFRAVAgA8FgQZBhk2AAAEAAAAJgAcFQ4ZNQAGEBkoDHJld2FyZF9tb2RlbAFuFQ' +
  'wWBBZkFogBJtwJJp4JKSwVBBUAFQIAFQAVEBUCADwpBhk2AAAEAAAAJgAcFQwZNQAGEBlIBnByb21wdARsaXN0B2VsZW1lbnQEcm9sZRUMFgQWcBaU' +
  'ASbkCiamCiksFQQVABUCABUAFRAVAgA8FhAZJgQAGVYAAAAABAAAACYAHBUMGTUABhAZSAZwcm9tcHQEbGlzdAdlbGVtZW50B2NvbnRlbnQVDBYEFo' +
  'YBFqoBJo4MJroLKSwVBBUAFQIAFQAVEBUCADwWFhkmBAAZVgAAAAAEAAAAFvwJFgQmCBbcDAAoIHBhcnF1ZXQtY3BwLWFycm93IHZlcnNpb24gMjYu' +
  'MC4xGbwcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAcAAAATgQAAFBBUjE=';

const folder = mkdtempSync(join(tmpdir(), 'glossa-exact-'));
after(() => rmSync(folder, { recursive: true }));
const parquet = join(folder, 'typed.parquet');
writeFileSync(parquet, Buffer.from(PARQUET, 'base64'));

async function answers(field: string, question = 'q'): Promise<string[]> {
  const settings: DataSetSettings = { path: parquet, language: 'ko', fields: { question, answer: field } };
  return (await loadDataSet({ ...settings, onBadRow: 'skip' })).problems.map(({ answer }) => answer);
}

test('numbers of a Parquet file are read as they were written', async () => {
  assert.deepEqual(await answers('f32'), ['3.14', '0.1']);
  assert.deepEqual(await answers('d9'), ['1.15', '-0.05']);
  assert.deepEqual(await answers('d20'), ['12345678901234567.125']); // the other is null
  assert.deepEqual(await answers('d60'), ['1.15', '-12345678901234567890123456789012345678901.35']);
  assert.deepEqual(await answers('u64'), ['18446744073709551615', '0']);
  assert.deepEqual(await answers('l'), ['1', '2']);
});

test('a column of 64-bit numbers where text belongs is a bad row', async () => {
  await assert.rejects(loadDataSet({ path: parquet, language: 'ko', fields: { question: 'l', answer: 'd9' } }), {
    code: 'DATA_BAD_ROW',
    message: /typed\.parquet:1: field "l" is a number, expected text/,
  });
  await assert.rejects(loadDataSet({ path: parquet, fields: { question: 'q', answer: 'd9', language: 'l' } }), {
    code: 'DATA_BAD_ROW',
    message: /field "l" is a number, expected text/,
  });
});

test('fields within fields, in Parquet and JSONL', async () => {
  assert.deepEqual(await answers('reward_model.ground_truth', 'prompt.0.content'), ['5', '6']);
  assert.deepEqual(await answers('reward_model.n'), ['1.10', '2.20']);
  const path = join(folder, 'nested.jsonl');
  const fields = { question: 'prompt.0.content', answer: 'reward_model.ground_truth' };
  const row = { prompt: [{ role: 'user', content: 'how many?' }], reward_model: { ground_truth: 5 } };
  writeFileSync(path, JSON.stringify({ ...row, 'reward_model.ground_truth': 6 }) + '\n' + JSON.stringify(row));
  const { problems } = await loadDataSet({ path, language: 'ko', fields });
  // A field of that very name comes first.
  assert.deepEqual(
    problems.map(({ question, answer }) => [question, answer]),
    [
      ['how many?', '6'],
      ['how many?', '5'],
    ],
  );
  await assert.rejects(loadDataSet({ path, language: 'ko', fields: { ...fields, answer: 'reward_model.gold' } }), {
    message: /field "reward_model\.gold" is missing/,
  });
  await assert.rejects(loadDataSet({ path, language: 'ko', fields: { ...fields, answer: '__proto__.x' } }), {
    message: /is missing/,
  });
});

test('a Parquet file as verl lays it out: the prompt is a chat, the answer lies deeper', async () => {
  const fields = { answer: 'reward_model.ground_truth' };
  const { problems } = await loadDataSet({ path: parquet, language: 'ko', fields });
  assert.deepEqual(problems[0]!.messages, [{ role: 'user', content: 'first' }]);
  assert.deepEqual(
    problems.map(({ question, answer }) => [question, answer]),
    [
      ['first', '5'],
      ['second', '6'],
    ],
  );
});

test('where rows are kept, a problem has every column of its row as plain data', async () => {
  const given = { path: parquet, language: 'ko', fields: { question: 'q', answer: 'd9' }, rows: true } as const;
  const [first] = (await loadDataSet(given)).problems;
  assert.deepEqual(first!.row, {
    ...{ q: 'a', f32: 3.14, d9: '1.15', d20: '12345678901234567.125', d60: '1.15', u64: '18446744073709551615', l: 1 },
    reward_model: { ground_truth: '5', n: '1.10' },
    prompt: [{ role: 'user', content: 'first' }],
  });
  assert.equal('row' in (await loadDataSet({ ...given, rows: false })).problems[0]!, false);

  const path = join(folder, 'columns.jsonl');
  const deep = '['.repeat(300) + ']'.repeat(300);
  const line = `{"id":7,"question":"?","answer":1,"lang":"ko","long":12345678901234567890,"__proto__":{"x":1},"none":null,"deep":${deep}}`;
  writeFileSync(path, line);
  const [problem] = (await loadDataSet({ path, rows: true })).problems;
  const { deep: list, ...row } = problem!.row!;
  assert.equal(
    JSON.stringify(row),
    '{"id":7,"question":"?","answer":1,"lang":"ko","long":"12345678901234567890","__proto__":{"x":1},"none":null}',
  );
  assert.equal(JSON.stringify(list), `${'['.repeat(99)}null${']'.repeat(99)}`);
});

test('a JSON number that JavaScript would change is refused, others are read', async () => {
  const path = join(folder, 'numbers.jsonl');
  const load = async (number: string): Promise<string> => {
    writeFileSync(path, '{"question":"12345678901234567890 \\" 1","answer":' + number + ',"lang":"ko"}');
    const { problems } = await loadDataSet({ path });
    assert.equal(problems[0]!.question, '12345678901234567890 " 1');
    return problems[0]!.answer;
  };
  assert.equal(await load('9007199254740991'), '9007199254740991');
  assert.equal(await load('1.50'), '1.5');
  assert.equal(await load('0.1000000000000000'), '0.1');
  assert.equal(await load('1000000000000000.5'), '1000000000000000.5');
  for (const number of ['9007199254740993', '12345678901234567.125', '0.12345678901234567891', '-9007199254740993'])
    await assert.rejects(load(number), {
      code: 'DATA_BAD_ROW',
      message: /too large to be read exactly; write it as text/,
    });
  await assert.rejects(load('1e999'), { message: /too large to be read exactly/ });
});

test('gold answers that are not numbers are counted, and said', async () => {
  const path = join(folder, 'unjudged.jsonl');
  const golds = ['5', 'x + 1', '#### 7', 'The answer is: 12', '3/4', '12:45'];
  writeFileSync(path, golds.map((answer) => JSON.stringify({ question: 'q', answer, lang: 'ko' })).join('\n'));
  const set = await loadDataSet({ path });
  assert.equal(set.problems.length, 6);
  assert.deepEqual(
    set.unjudged.map(({ line }) => line),
    [2, 4, 6],
  );
  assert.match(remarks(set)[0]!, /3 of 6 gold answers are not numbers.*null, not wrong.*first at line 2: "x \+ 1"/);
  assert.deepEqual(remarks(await loadDataSet({ path, limit: 1 })), []);
});

const cases = ['decimal128', 'decimal20_3', 'float32'].map((name) => sharedPath(`cases/answers_${name}.parquet`));
test(
  'files of other writers',
  { skip: cases.every((path) => existsSync(path)) ? false : 'no shared cases' },
  async () => {
    const golds = async (path: string): Promise<unknown[]> => {
      const found: unknown[] = [];
      for await (const row of openRows(path, ['gold']))
        found.push('value' in row ? (row.value as { gold: unknown }).gold : row);
      return found;
    };
    for (const expected of ['1.150', '4.350', '1.005'])
      assert.ok((await golds(cases[0]!)).includes(expected), expected);
    assert.ok((await golds(cases[1]!)).includes('12345678901234567.125'));
    assert.deepEqual(await golds(cases[2]!), [0.1, 0.3, 2.5, 16777216, 1234.56]);
  },
);
