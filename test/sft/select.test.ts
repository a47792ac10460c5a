import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { glossa } from '../e2e/glossa.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-select-'));
});
after(() => rm(root, { recursive: true, force: true }));

const row = (id: string, completion: string, more: object = {}) => ({
  ...{ id, question: `Q ${id}`, language: 'ko', completion, finish: 'stop', correct: true, gold: '7' },
  ...{ 'words.ko': 9, 'words.en': 1, ...more },
});

const ROWS = [
  row('a', 'one'),
  row('a', 'one '), // the same but for white space at its end
  row('a', 'two'),
  row('a', 'three'),
  row('b', 'four', { finish: 'length' }),
  row('b', 'five', { correct: false }),
  row('b', 'six', { correct: null }),
  row('c', 'seven', { 'words.ko': 8, 'words.en': 2 }),
  row('c', 'eight', { 'words.ko': 0, 'words.en': 0 }),
  row('c', 'nine', { language: 'en', 'words.ko': 0, 'words.en': 5 }),
  row('d', 'ten'),
];

interface Selected {
  rows: Record<string, string>[];
  kept: number;
  read: number;
  left_out: Record<string, number>;
}

async function select(...more: string[]): Promise<Selected> {
  const [from, out] = [join(root, 'rows.jsonl'), join(root, 'out.jsonl')];
  await writeFile(from, ROWS.map((each) => JSON.stringify(each)).join('\n'));
  const { code, stdout, stderr } = await glossa(['select', from, '--out', out, '--json', ...more]);
  assert.equal(code, 0, stderr);
  const kept = (await readFile(out, 'utf8')).trim().split('\n');
  return {
    ...(JSON.parse(stdout) as Omit<Selected, 'rows'>),
    rows: kept.map((line) => JSON.parse(line) as Record<string, string>),
  };
}

describe('glossa select', () => {
  it('keeps right completions in the target language, one a problem, and counts the others', async () => {
    const { rows, kept, read, left_out } = await select();
    assert.deepEqual(
      rows.map(({ solution }) => solution),
      ['one', 'nine', 'ten'],
    );
    assert.deepEqual([kept, read], [3, 11]);
    assert.deepEqual(left_out, { unfinished: 1, wrong: 2, off_target: 2, duplicate: 1, surplus: 2, beyond_limit: 0 });
    assert.deepEqual(rows[0], { id: 'a', question: 'Q a', solution: 'one', answer: '7', lang: 'ko' });
  });

  it('keeps more where it is asked to', async () => {
    const solutions = async (...more: string[]) => (await select(...more)).rows.map(({ solution }) => solution);
    assert.deepEqual(await solutions('--per-problem', '2'), ['one', 'two', 'nine', 'ten']);
    assert.deepEqual(await solutions('--min-target-wr', '0.8'), ['one', 'seven', 'nine', 'ten']);
    assert.deepEqual(await solutions('--wrong'), ['one', 'five', 'nine', 'ten']);
    const limited = await select('--limit', '2');
    assert.deepEqual([limited.kept, limited.left_out['beyond_limit']], [2, 1]);
  });

  it('refuses what is no graded completion, and to write nothing', async () => {
    const empty = join(root, 'empty.jsonl');
    await writeFile(empty, `${JSON.stringify(ROWS[5])}\n`);
    const none = await glossa(['select', empty, '--out', join(root, 'none.jsonl')]);
    assert.match(none.stderr, /DATA_EMPTY.*0 of 1 completion kept/);
    const path = join(root, 'other.jsonl');
    await writeFile(path, '{"id":"a","question":"b"}\n');
    const other = await glossa(['select', path, '--out', join(root, 'none.jsonl')]);
    assert.match(other.stderr, /DATA_BAD_ROW.*other\.jsonl:1/);
  });
});
