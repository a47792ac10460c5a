import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, test } from 'node:test';
import { loadDataSet, originOf } from '../../src/data/index.js';
import { dataFiles } from '../../src/inputs/data_files.js';

const root = mkdtempSync(join(tmpdir(), 'glossa-splits-'));
after(() => rmSync(root, { recursive: true }));

function folder(name: string, files: Record<string, string>): string {
  const at = join(root, name);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(at, file, '..'), { recursive: true });
    writeFileSync(join(at, file), text);
  }
  return at;
}
const found = async (path: string, split?: string) =>
  (await dataFiles(path, split)).map((file) => relative(root, file).split('/').slice(1).join('/'));

test('the files of a split, in order, as Hugging Face lays them out', async () => {
  const shards = folder('shards', {
    'README.md': '',
    '.cache/train.jsonl': '',
    'data/train-00010-of-00011.parquet': '',
    'data/train-00002-of-00011.parquet': '',
    'data/test-00000-of-00001.parquet': '',
    'data/training_notes.jsonl': '',
  });
  assert.deepEqual(await found(shards, 'train'), [
    'data/train-00002-of-00011.parquet',
    'data/train-00010-of-00011.parquet',
  ]);
  assert.deepEqual(await found(shards, 'test'), ['data/test-00000-of-00001.parquet']);
  assert.deepEqual(await found(join(shards, 'data', 'train-*-of-00011.parquet')), [
    'data/train-00002-of-00011.parquet',
    'data/train-00010-of-00011.parquet',
  ]);
  assert.deepEqual(await found(folder('plain', { 'train.csv': '', 'test.csv': '' }), 'train'), ['train.csv']);
  assert.deepEqual(await found(folder('folders', { 'train/a2.jsonl': '', 'train/a10.jsonl': '' }), 'train'), ['train/a2.jsonl', 'train/a10.jsonl']); // prettier-ignore
  assert.deepEqual(await found(folder('one', { 'all.jsonl': '' })), ['all.jsonl']);
});

test('what is not there, or not said, is refused with what there is', async () => {
  const two = folder('two', { 'main/train.parquet': '', 'socratic/train.parquet': '' });
  await assert.rejects(dataFiles(two, 'train'), { code: 'DATA_FORMAT', message: /several folders: main, socratic/ });
  assert.deepEqual(await found(join(two, 'main'), 'train'), ['main/train.parquet']);
  const both = folder('both', { 'train.jsonl': '', 'test.jsonl': '' });
  await assert.rejects(dataFiles(both), { code: 'DATA_FORMAT', hint: /split: train/ });
  await assert.rejects(dataFiles(both, 'dev'), { code: 'DATA_NOT_FOUND', hint: /it has test\.jsonl, train\.jsonl/ });
  await assert.rejects(dataFiles(join(both, 'dev-*.jsonl')), { code: 'DATA_NOT_FOUND', hint: /it has test\.jsonl/ });
  await assert.rejects(dataFiles(join(root, 'nowhere', '*.jsonl')), { code: 'DATA_NOT_FOUND' });
});

test('links to folders are gone through, those that lead back up are not', async () => {
  const at = folder('links', { 'elsewhere/part/a.jsonl': '', 'set/dev/b.jsonl': '' });
  symlinkSync('../elsewhere/part', join(at, 'set', 'train'));
  symlinkSync('..', join(at, 'set', 'dev', 'up'));
  symlinkSync('nowhere', join(at, 'set', 'gone'));
  assert.deepEqual(await found(join(at, 'set'), 'train'), ['set/train/a.jsonl']);
  assert.deepEqual(await found(join(at, 'set'), 'dev'), ['set/dev/b.jsonl']);
});

test('a split is of folders: with a file or a pattern it is refused, not passed over', async () => {
  const at = folder('file', { 'train.jsonl': '', 'train/a.jsonl': '' });
  await assert.rejects(dataFiles(join(at, 'train.jsonl'), 'train'), { code: 'DATA_FORMAT', message: /is a file, and/ });
  await assert.rejects(dataFiles(join(at, '*.jsonl'), 'train'), { code: 'DATA_FORMAT', message: /is a pattern, and/ });
  await assert.rejects(dataFiles(at, 'train'), { hint: /file\/train, or their files with a pattern/ });
});

test('several files are one set: limits, ids and lines go through them', async () => {
  const row = (id: number) => `${JSON.stringify({ id, question: 'q', answer: '1', lang: 'ko' })}\n`;
  const at = folder('set', { 'train-0.jsonl': row(1) + row(2), 'train-1.jsonl': row(3) + row(4), 'train-2.jsonl': row(5) + row(2) }); // prettier-ignore
  const files = await dataFiles(at, 'train');
  const { problems } = await loadDataSet({ path: at, files, limit: 5 });
  assert.deepEqual(
    problems.map((problem) => [problem.id, originOf(problem)!.line, relative(at, originOf(problem)!.file)]),
    [['1', 1, 'train-0.jsonl'], ['2', 2, 'train-0.jsonl'], ['3', 1, 'train-1.jsonl'], ['4', 2, 'train-1.jsonl'], ['5', 1, 'train-2.jsonl']], // prettier-ignore
  );
  await assert.rejects(loadDataSet({ path: at, files }), {
    code: 'DATA_BAD_ROW',
    message: /train-2\.jsonl:2: id "2" was given before, on line 2 of .*train-0\.jsonl/,
  });
});
