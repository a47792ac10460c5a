import assert from 'node:assert/strict';
import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { chmodSync, createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { GlossaError } from '../../src/base/error.js';
import { loadDataSet } from '../../src/data/index.js';
import type { DataSetSettings } from '../../src/data/types.js';
import { sharedPath } from '../shared.js';

const PARQUET =
  'UEFSMRUAFSoVPCwVBhUAFQYVBhwAAAAotS/9IBWpAAACAAAABgEBAAAAYQEAAABiAQAAAGMVABViFXQsFQYVABUGFQYcAAAAKLUv/SAxiQEAAg' +
  'AAAAYBGAAAAOyCrOqzvCAz6rCc7JmAIOuwsCA06rCcPwYAAADoi7nmnpwBAAAAcRUAFSwVPiwVBhUAFQYVBhwAAAAotS/9IBaxAAACAAAAAwMH' +
  'AAAAAAAAAAEAAAAAACAAFQAVMBVCLBUGFQAVBhUGHAAAACi1L/0gGMEAAAIAAAAGAQIAAABrbwIAAAB6aAIAAABrbxUEGVw1ABgGc2NoZW1hFQ' +
  'gAFQwlAhgCaWQlAEwcAAAAFQwlAhgIcXVlc3Rpb24lAEwcAAAAFQQlAhgGYW5zd2VyABUMJQIYBGxhbmclAEwcAAAAFgYZHBlMJgAcFQwZJQYA' +
  'GRgCaWQVDBYGFlAWYiYISRwVABUAFQIAPBYGGQYZJgAGAAAAJgAcFQwZJQYAGRgIcXVlc3Rpb24VDBYGFogBFpoBJmpJHBUAFQAVAgA8Fj4ZBh' +
  'kmAAYAAAAmABwVBBklBgAZGAZhbnN3ZXIVDBYGFlIWZCaEAkkcFQAVABUCADwpBhkmAgQAAAAmABwVDBklBgAZGARsYW5nFQwWBhZWFmgm6AJJ' +
  'HBUAFQAVAgA8FgwZBhkmAAYAAAAWgAMWBiYIFsgDACggcGFycXVldC1jcHAtYXJyb3cgdmVyc2lvbiAyNS4wLjEZTBwAABwAABwAABwAAABXAQ' +
  'AAUEFSMQ==';

const folder = mkdtempSync(join(tmpdir(), 'glossa-data-'));
after(() => rmSync(folder, { recursive: true }));

const row = (more: object = {}): object => ({ id: 'a', question: '3 + 4?', answer: '7', lang: 'ko', ...more });
let files = 0;
function file(content: string | Buffer | object[], name = `set${files++}.jsonl`): string {
  const path = join(folder, name);
  writeFileSync(path, Array.isArray(content) ? content.map((one) => JSON.stringify(one)).join('\n') + '\n' : content);
  return path;
}
const load = (content: string | Buffer | object[], more: Partial<DataSetSettings> = {}) =>
  loadDataSet({ path: file(content), ...more });

/** The message of the DATA_BAD_ROW that these contents give; the same row is skipped where asked. */
async function badRow(
  content: string | Buffer | object[],
  line = 1,
  more: Partial<DataSetSettings> = {},
): Promise<string> {
  const path = file(content);
  let message = '';
  await assert.rejects(loadDataSet({ path, ...more }), (error: GlossaError) => {
    assert.equal(error.code, 'DATA_BAD_ROW', error.message);
    assert.ok(error.message.startsWith(`${path}:${line}:`), error.message);
    assert.ok(error.hint);
    message = error.message.slice(path.length + 1);
    return true;
  });
  const good = Buffer.from(`\n${JSON.stringify(row({ id: 'good' }))}\n`);
  const bytes = Array.isArray(content)
    ? Buffer.from(content.map((one) => JSON.stringify(one)).join('\n'))
    : Buffer.from(content);
  const both = file(Buffer.concat([bytes, good]));
  const { problems, skipped } = await loadDataSet({ path: both, ...more, onBadRow: 'skip' });
  assert.equal(problems.at(-1)!.id, 'good');
  assert.equal(skipped.length, 1);
  assert.equal(skipped[0]!.line, line);
  assert.ok(message.includes(skipped[0]!.reason));
  return message;
}

test('rows become problems, in order', async () => {
  const { problems, skipped } = await load([
    row(),
    row({ id: 'b', answer: 12.5, solution: 'x', source: 'y', extra: 1 }),
  ]);
  assert.deepEqual(problems, [
    { id: 'a', question: '3 + 4?', answer: '7', language: 'ko', solution: undefined, source: undefined },
    { id: 'b', question: '3 + 4?', answer: '12.5', language: 'ko', solution: 'x', source: 'y' },
  ]);
  assert.deepEqual(skipped, []);
});

test('field mapping, a language for files without one, ids from the line', async () => {
  const { problems } = await load(
    [
      { Q: 'eins?', A: -3 },
      { Q: 'zwei?', A: '2' },
    ],
    {
      fields: { question: 'Q', answer: 'A' },
      language: 'uk',
    },
  );
  assert.deepEqual(
    problems.map(({ question, answer, language }) => [question, answer, language]),
    [
      ['eins?', '-3', 'uk'],
      ['zwei?', '2', 'uk'],
    ],
  );
  assert.equal(new Set(problems.map(({ id }) => id)).size, 2);
  assert.ok(problems[1]!.id.endsWith(':2'));
});

test('a language picks the rows of a file of several; ids may be shared between languages', async () => {
  const both = [row(), row({ lang: 'th' }), row({ id: 'b' })];
  assert.equal((await load(both)).problems.length, 3);
  assert.deepEqual(
    (await load(both, { language: 'th' })).problems.map(({ language }) => language),
    ['th'],
  );
  const russian = [row({ lang: 'ru' }), row()];
  assert.equal((await load(russian, { language: 'ko' })).problems.length, 1);
});

test('limit counts problems', async () => {
  const { problems } = await load([row(), row({ id: 'b' }), row({ id: 'c' })], { limit: 2 });
  assert.deepEqual(
    problems.map(({ id }) => id),
    ['a', 'b'],
  );
});

test('byte order mark, CRLF, blank lines and a missing last newline are no faults', async () => {
  const text = `\ufeff${JSON.stringify(row())}\r\n\r\n   \n${JSON.stringify(row({ id: 'b' }))}`;
  assert.deepEqual(
    (await load(text)).problems.map(({ id }) => id),
    ['a', 'b'],
  );
});

test('gzip, also of lines that cross its chunks', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => row({ id: `${i}`, question: '사과 '.repeat(50) + i }));
  const path = file(gzipSync(rows.map((one) => JSON.stringify(one)).join('\n')), 'set.jsonl.gz');
  const { problems } = await loadDataSet({ path });
  assert.equal(problems.length, 3000);
  assert.equal(problems[2999]!.question, '사과 '.repeat(50) + 2999);
  const cut = file(gzipSync(JSON.stringify(row()).repeat(1000)).subarray(0, 60), 'cut.jsonl.gz');
  await assert.rejects(loadDataSet({ path: cut }), { code: 'DATA_UNREADABLE', message: /unexpected end of file/ });
});

test('broken JSON is reported with line and column', async () => {
  assert.match(await badRow('{"id": "a", "question": }'), /^1:25: broken JSON: found "}", expected a value/);
  assert.match(await badRow('{"id": "a"'), /^1:11: broken JSON: found the end of the line, expected "," or "}"/);
  assert.match(await badRow("{'id': 1}"), /^1:2: broken JSON: found "'", expected a key in double quotes/);
  assert.match(await badRow('{"사과": "a" "b"}'), /^1:12: broken JSON: found "\\"", expected "," or "}"/);
  assert.match(await badRow('{"a": "x\ty"}'), /^1:9: broken JSON: found "\\t", expected the rest of a string/);
  assert.match(await badRow('{"a": [1, 2,]}'), /^1:13: broken JSON: found "]", expected a value/);
  assert.match(await badRow('{"a": NaN}'), /^1:7: broken JSON/);
  assert.match(await badRow(`${'['.repeat(100_000)}`), /^1:100001: broken JSON/);
  assert.match(await badRow(`${JSON.stringify(row())}\n\n{"id"\n`, 3), /^3:6: broken JSON/);
});

test('missing fields, wrong types, empty text', async () => {
  assert.match(
    await badRow([{ id: 'a', answer: '7', lang: 'ko' }]),
    /field "question" is missing; the row has "id", "answer", "lang"/,
  );
  assert.match(await badRow([row({ answer: null })]), /field "answer" is null/);
  assert.match(await badRow([row({ question: 5 })]), /field "question" is a number, expected text/);
  assert.match(await badRow([row({ answer: true })]), /field "answer" is true or false, expected text or a number/);
  assert.match(await badRow([row({ answer: ['7'] })]), /field "answer" is a list/);
  assert.match(await badRow([row({ question: ' ' })]), /field "question" is empty/);
  assert.match(await badRow([row({ lang: 'kr' })]), /field "lang" is "kr", expected one of en, ko, zh, ja, th, uk/);
  assert.match(await badRow('[1, 2]'), /expected an object, found a list/);
  assert.match(await badRow('null'), /expected an object, found null/);
  assert.match(
    await badRow('{"id":"a","question":"q","answer":12345678901234567890,"lang":"ko"}'),
    /too large to be read exactly/,
  );
  assert.match(await badRow([row({ constructor: 1, question: undefined })]), /field "question" is missing/);
});

test('duplicate ids name both lines', async () => {
  assert.match(await badRow([row(), row({ question: 'other' })], 2), /^2: id "a" was given before, on line 1/);
});

test('invalid UTF-8 is reported with its byte', async () => {
  const line = Buffer.from(JSON.stringify(row({ question: '사과' })));
  const at = line.indexOf(Buffer.from('사')) + 1;
  const broken = Buffer.from(line);
  broken[at] = 0x20;
  assert.match(await badRow(broken), new RegExp(`^1: invalid UTF-8 at byte ${at - 1} of the file`));
  const second = Buffer.concat([Buffer.from(`${JSON.stringify(row({ id: 'z' }))}\n`), broken]);
  assert.match(
    await badRow(second, 2),
    new RegExp(`^2: invalid UTF-8 at byte ${second.length - broken.length + at - 1} of the file`),
  );
  assert.match(await badRow(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])), /^1: invalid UTF-8 at byte 1/); // a surrogate in UTF-8
});

test('half a surrogate pair is a bad row', async () => {
  assert.match(
    await badRow('{"id":"a","question":"x\\ud800y","answer":"7","lang":"ko"}'),
    /field "question" holds half of a surrogate pair/,
  );
  assert.match(await badRow('{"id":"a\\udc00","question":"x","answer":"7","lang":"ko"}'), /field "id" holds half/);
  assert.equal(
    (await load('{"id":"a","question":"\\ud83c\\udf4e","answer":"7","lang":"ko"}')).problems[0]!.question,
    '🍎',
  );
});

test('a line of 200 MB is passed over without being held', async () => {
  const path = join(folder, 'long.jsonl');
  const stream = createWriteStream(path);
  const piece = Buffer.alloc(2 ** 20, 'a');
  stream.write(`${JSON.stringify(row())}\n{"id":"`);
  for (let i = 0; i < 200; i++) if (!stream.write(piece)) await once(stream, 'drain');
  stream.write(`"}\n${JSON.stringify(row({ id: 'b' }))}\n`);
  await new Promise((resolve) => stream.end(resolve));
  await assert.rejects(loadDataSet({ path }), {
    code: 'DATA_BAD_ROW',
    message: /long\.jsonl:2: a line of 200 MB; lines up to 16 MB are read/,
  });
  const script = `
    import { loadDataSet } from ${JSON.stringify(new URL('../../src/data/index.ts', import.meta.url).href)};
    const before = process.resourceUsage().maxRSS;
    const { problems, skipped } = await loadDataSet({ path: ${JSON.stringify(path)}, onBadRow: 'skip' });
    console.log(JSON.stringify({ ids: problems.map(({ id }) => id), skipped, grown: (process.resourceUsage().maxRSS - before) / 1024 }));`;
  const out = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  const { ids, skipped, grown } = JSON.parse(out) as { ids: string[]; skipped: { line: number }[]; grown: number };
  assert.deepEqual(ids, ['a', 'b']);
  assert.equal(skipped[0]!.line, 2);
  // 16 MB of it are held, and chunks await their collection.
  assert.ok(grown < 120, `memory grew by ${grown} MB`);
});

test('a missing file names the nearest one, an empty one says so', async () => {
  const near = file([row()], 'problems.ko.jsonl');
  await assert.rejects(loadDataSet({ path: join(folder, 'problem.ko.jsonl') }), (error: GlossaError) => {
    assert.equal(error.code, 'DATA_NOT_FOUND');
    assert.equal(error.hint, `Did you mean ${near}?`);
    return true;
  });
  await assert.rejects(loadDataSet({ path: join(folder, 'no/such.jsonl') }), {
    code: 'DATA_NOT_FOUND',
    message: /nor is its folder/,
  });
  await assert.rejects(load(''), { code: 'DATA_EMPTY', message: /it is empty/ });
  await assert.rejects(load('\n\n'), { code: 'DATA_EMPTY' });
  await assert.rejects(load([row()], { language: 'th' }), {
    code: 'DATA_EMPTY',
    message: /1 rows are of another language than th/,
  });
  await assert.rejects(load('{', { onBadRow: 'skip' }), {
    code: 'DATA_EMPTY',
    message: /1 bad rows were skipped, the first on line 1: broken JSON/,
  });
  await assert.rejects(loadDataSet({ path: file('a,b', 'set.xlsx') }), { code: 'DATA_FORMAT' });
  await assert.rejects(loadDataSet({ path: folder }), { code: 'DATA_FORMAT', message: /is a folder/ });
});

test('a file without permission', { skip: process.getuid?.() === 0 ? 'root reads everything' : false }, async () => {
  const path = file([row()], 'secret.jsonl');
  chmodSync(path, 0);
  await assert.rejects(loadDataSet({ path }), { code: 'DATA_UNREADABLE' });
});

test('Parquet: text, whole numbers, nulls', async () => {
  // Written by pyarrow: 3 rows (id text, question text, answer int64, lang text), the last with a null answer; zstd.
  const path = file(Buffer.from(PARQUET, 'base64'), 'set.parquet');
  await assert.rejects(loadDataSet({ path }), {
    code: 'DATA_BAD_ROW',
    message: /set\.parquet:3: field "answer" is null/,
  });
  const { problems, skipped } = await loadDataSet({ path, onBadRow: 'skip' });
  assert.deepEqual(
    problems.map(({ id, question, answer, language }) => [id, question, answer, language]),
    [
      ['a', '사과 3개와 배 4개?', '7', 'ko'],
      ['b', '苹果', '9007199254740993', 'zh'],
    ],
  );
  assert.deepEqual(
    skipped.map(({ line }) => line),
    [3],
  );
  // A caller without TypeScript may spell out that a field has no other name.
  const unnamed = { id: undefined } as unknown as { id?: string };
  const same = await loadDataSet({ path, fields: unnamed, onBadRow: 'skip' });
  assert.deepEqual(same.problems, problems);
  const broken = file(Buffer.from(PARQUET, 'base64').subarray(0, 200), 'broken.parquet');
  await assert.rejects(loadDataSet({ path: broken }), { code: 'DATA_UNREADABLE' });
});

const data = sharedPath('data');
test('the public sets are read whole', { skip: existsSync(data) ? false : `no ${data}` }, async () => {
  const expected: [path: string, language: 'ko' | 'zh' | 'ja' | 'en' | 'th', rows: number][] = [
    ['gsm8k_train/en.jsonl.gz', 'en', 7473],
    ['gsm8k_train/zh.jsonl.gz', 'zh', 7363],
    ['gsm8k_test/ko.jsonl.gz', 'ko', 1319],
    ['kor_arith/ko.jsonl', 'ko', 1503],
    ['mgsm/ja.jsonl', 'ja', 250],
    ['msvamp/th.jsonl', 'th', 1000],
  ];
  for (const [path, language, rows] of expected) {
    const { problems, skipped } = await loadDataSet({ path: join(data, path), onBadRow: 'skip' });
    assert.equal(problems.length + skipped.length, rows, path);
    assert.ok(
      problems.every((problem) => problem.language === language),
      path,
    );
    assert.ok(skipped.length <= rows / 100, `${path}: ${JSON.stringify(skipped.slice(0, 3))}`);
  }
});
