import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCsv } from '../../src/data/csv.js';
import { loadDataSet } from '../../src/data/index.js';

const folder = mkdtempSync(join(tmpdir(), 'glossa-csv-'));
after(() => rmSync(folder, { recursive: true }));

/** In pieces of so many bytes; undefined where a record or the file is refused. */
async function records(bytes: Buffer, piece: number): Promise<string[][] | undefined> {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    await Promise.resolve();
  }
  const all: string[][] = [];
  try {
    for await (const record of readCsv('made.csv', chunks())) {
      if (!('fields' in record)) return undefined;
      all.push(record.fields.map((field) => field.toString()));
    }
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'DATA_UNREADABLE');
    return undefined;
  }
  return all;
}

test("hostile files are read as Python's csv module reads them, or refused as by it", async () => {
  const lines = readFileSync(new URL('csv_cases.jsonl', import.meta.url), 'utf8')
    .trim()
    .split('\n');
  const counts = { read: 0, refused: 0 };
  for (const line of lines) {
    const { csv, rows } = JSON.parse(line) as { csv: string; rows: string[][] | null };
    const bytes = Buffer.from(csv, 'base64');
    for (const piece of [1, 2, 3, 7, 4096]) {
      // The mark is dropped by the reader of the first piece, which is never so small in a file.
      if (piece < 3 && bytes[0] === 0xef) continue;
      assert.deepEqual(
        await records(bytes, piece),
        rows ?? undefined,
        `${JSON.stringify(bytes.toString())} by ${piece}`,
      );
    }
    counts[rows ? 'read' : 'refused']++;
  }
  assert.ok(counts.read > 400 && counts.refused > 400, JSON.stringify(counts));
});

function file(text: string | Buffer, name = 'set.csv'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('a CSV file is a set of problems: header, quotes, line breaks, a mark, missing fields', async () => {
  const path = file(
    '\ufeffid,question,answer,lang,level\r\n1,"둘, 셋은\r\n얼마?",5,ko,2\r\n\r\n,"""4"" - 1?",3,ko,\r\nx,왜?,"1,000",ko,hard\r\n',
  );
  const { problems } = await loadDataSet({ path });
  assert.deepEqual(
    problems.map(({ id, question, answer, level }) => [id, question, answer, level]),
    [
      ['1', '둘, 셋은\r\n얼마?', '5', '2'],
      ['set.csv:5', '"4" - 1?', '3', undefined],
      ['x', '왜?', '1,000', 'hard'],
    ],
  );
});

test('bad rows of a CSV file are told by the line that they begin on', async () => {
  const head = 'id,question,answer,lang\n';
  const bad = async (rows: string | Buffer, line: number, reason: RegExp) => {
    const path = file(Buffer.concat([Buffer.from(head), Buffer.from(rows)]));
    await assert.rejects(loadDataSet({ path }), {
      code: 'DATA_BAD_ROW',
      message: new RegExp(`:${line}: ${reason.source}`),
    });
    const good = file(Buffer.concat([Buffer.from(head), Buffer.from(rows), Buffer.from('\ngood,1?,1,ko\n')]));
    const { problems, skipped } = await loadDataSet({ path: good, onBadRow: 'skip' });
    assert.equal(problems.at(-1)!.id, 'good');
    assert.deepEqual(skipped.map((one) => one.line), [line]); // prettier-ignore
  };
  await bad('a,1?,1,ko,more\n', 2, /5 fields, and the first line names 4/);
  await bad('a,"x\ny",1,ko\nb,2?,2\n', 4, /3 fields/);
  await bad('a,"1"?,1,ko\n', 2, /a field goes on after its closing quote/);
  await bad('a,,1,ko\n', 2, /field "question" is null/);
  await bad('a,"",1,ko\n', 2, /field "question" is empty/);
  await bad(Buffer.from('a,\xff?,1,ko\n', 'latin1'), 2, /invalid UTF-8 at byte 0 of the field "question"/);
  await assert.rejects(loadDataSet({ path: file(`${head}a,"1?,1,ko\nb,2?,2,ko\n`), onBadRow: 'skip' }), {
    code: 'DATA_UNREADABLE',
    message: /:2: a quote of the row that begins here is never closed/,
  });
  await assert.rejects(loadDataSet({ path: file('id,question,id\n1,2,3\n') }), {
    code: 'DATA_FORMAT',
    message: /names the column "id" twice/,
  });
});

test('a row of nothing but commas is passed over without being held', async () => {
  const commas = Buffer.alloc(2 ** 20, ',');
  async function* chunks(): AsyncGenerator<Buffer> {
    yield Buffer.from('a,b\n');
    for (let i = 0; i < 17; i++) yield commas;
    yield Buffer.from('\n1,2\n');
    await Promise.resolve();
  }
  const found = [];
  for await (const record of readCsv('made.csv', chunks()))
    found.push('fields' in record ? record.fields.map(String) : [record.line, record.reason]);
  assert.deepEqual(found, [['a', 'b'], [2, 'a row of more than 16 MB'], ['1', '2']]); // prettier-ignore
});
