import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { fileNames, uniqueLabels } from '../../src/report/labels.js';
import { writeReport } from '../../src/report/index.js';
import { readRun } from '../../src/run/index.js';
import type { RunSummary } from '../../src/run/types.js';
import { glossa } from '../e2e/glossa.js';
import { makeRun } from './runs.js';

let root: string;
let dir: string;
let run: RunSummary;
let count = 0;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-place-'));
  const metrics = [1, 2].map((step) => ({ step, entropy: 1 })); // one figure
  run = await makeRun(join(root, 'run'), { languages: ['ko'], metrics });
});
after(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  dir = join(root, `place-${String(count++)}`);
  await mkdir(dir);
});

const refused = async (work: Promise<void>, code: string, message: RegExp) => {
  await assert.rejects(
    work,
    (error) => error instanceof GlossaError && error.code === code && message.test(error.message),
  );
};
const figuresOf = (name: string) => readdir(join(dir, `${name}-figures`));

describe('a page and its figures', () => {
  it('are refused at once where no folder can be made', { timeout: 20_000 }, async () => {
    await refused(writeReport([{ summary: run }], '/proc/nothing/a/report.html'), 'IO_ERROR', /cannot make/);
  });

  it('lie beside what others wrote, and leave it alone', async () => {
    await mkdir(join(dir, 'figures'));
    for (const name of ['figures/accuracy.svg', 'figures/run.ratios.svg', 'notes.txt'])
      await writeFile(join(dir, name), 'mine');
    await writeReport([{ summary: run }], join(dir, 'report.html'));
    for (const name of ['figures/accuracy.svg', 'figures/run.ratios.svg', 'notes.txt'])
      assert.equal(await readFile(join(dir, name), 'utf8'), 'mine');
    assert.deepEqual((await readdir(dir)).sort(), ['figures', 'notes.txt', 'report-figures', 'report.html']);
  });

  it('of two pages are kept apart, and those of an earlier page of the same name are swept', async () => {
    await writeReport([{ label: 'first', summary: run }], join(dir, 'a.html'));
    await writeReport([{ label: 'other', summary: run }], join(dir, 'b.html'));
    await writeReport([{ label: 'second', summary: run }], join(dir, 'a.html'));
    const names = await figuresOf('a');
    assert.ok(names.includes('second.entropy.svg'));
    assert.deepEqual(
      names.filter((name) => name.startsWith('first')),
      [],
    );
    assert.ok((await figuresOf('b')).includes('other.entropy.svg'));
    const { files } = JSON.parse(await readFile(join(dir, 'a-figures/figures.json'), 'utf8')) as { files: string[] };
    assert.deepEqual([...files, 'figures.json'].sort(), names.sort());
  });

  it('are not written where something else stands', async () => {
    await writeFile(join(dir, 'thesis.html'), '<p>mine</p>');
    await refused(writeReport([{ summary: run }], join(dir, 'thesis.html')), 'REPORT_PLACE', /no page of glossa/);
    await mkdir(join(dir, 'folder.html'));
    await refused(writeReport([{ summary: run }], join(dir, 'folder.html')), 'REPORT_PLACE', /is a folder/);
    await mkdir(join(dir, 'c-figures'));
    await writeFile(join(dir, 'c-figures/plot.svg'), 'mine');
    await refused(
      writeReport([{ summary: run }], join(dir, 'c.html')),
      'REPORT_PLACE',
      /holds files that no report wrote/,
    );
    await writeReport([{ summary: run }], join(dir, 'd.html'));
    await refused(
      writeReport([{ summary: run }], join(dir, 'd.htm')),
      'REPORT_PLACE',
      /belongs to another page, d\.html/,
    );
    await writeFile(join(dir, 'd-figures/late.entropy.svg'), 'mine');
    await refused(
      writeReport([{ label: 'late', summary: run }], join(dir, 'd.html')),
      'REPORT_PLACE',
      /late\.entropy\.svg was not written by this report/,
    );
    assert.equal(await readFile(join(dir, 'd-figures/late.entropy.svg'), 'utf8'), 'mine');
    assert.equal(await readFile(join(dir, 'c-figures/plot.svg'), 'utf8'), 'mine');
    assert.equal(await readFile(join(dir, 'thesis.html'), 'utf8'), '<p>mine</p>');
  });

  it('cannot be made to remove what lies outside their folder', async () => {
    await writeReport([{ summary: run }], join(dir, 'e.html'));
    await writeFile(join(dir, 'victim.svg'), 'mine');
    const manifest = join(dir, 'e-figures/figures.json');
    const written = JSON.parse(await readFile(manifest, 'utf8')) as { files: string[] };
    await writeFile(manifest, JSON.stringify({ ...written, files: [...written.files, '../victim.svg', 7] }));
    await writeReport([{ summary: run }], join(dir, 'e.html'));
    assert.equal(await readFile(join(dir, 'victim.svg'), 'utf8'), 'mine');
  });

  it('need no folder where no figures are asked for', async () => {
    await writeReport([{ summary: run }], join(dir, 'f.html'), { svg: false });
    assert.deepEqual(await readdir(dir), ['f.html']);
  });
});

describe('labels', () => {
  it('are as much of the path as sets runs apart, and unique', () => {
    assert.deepEqual(uniqueLabels([{ dir: '/x/a/run' }, { dir: '/x/b/run' }, { dir: '/x/c' }]), [
      'a/run',
      'b/run',
      'c',
    ]);
    assert.deepEqual(uniqueLabels([{ dir: '/run' }, { dir: '/x/run' }]), ['run', 'x/run']);
    assert.deepEqual(uniqueLabels([{ dir: '/x/run', label: 'one' }, { dir: '/y/run' }]), ['one', 'y/run']);
    assert.throws(() => uniqueLabels([{ dir: '/x' }, { dir: '/x/' }]), /is named twice/);
    assert.throws(
      () => uniqueLabels([{ dir: '/x', label: 'a' }, { dir: '/y', label: 'a' }]), // prettier-ignore
      /two runs are called a/,
    );
  });

  it('give file names that never meet', () => {
    assert.deepEqual(fileNames(['A b', 'a-b', '한국어', '***', '日本']), ['a-b', 'a-b-2', '한국어', 'run-4', '日本']);
    assert.deepEqual(fileNames(['a-2', 'a', 'a!', 'A']), ['a-2', 'a', 'a-3', 'a-4']);
    assert.deepEqual(fileNames(['a-3', 'a', 'a!']), ['a-3', 'a', 'a-3-3']);
  });
});

it('a damaged evaluation is refused by its name', async () => {
  const made = join(dir, 'damaged');
  await makeRun(made, { languages: ['ko'] });
  for (const text of [
    '',
    '{}',
    '{"rows":[{}]}',
    '{"rows":[null]}',
    '{"rows":[{"step":0,"suite":"a","language":"ko"}]}',
  ]) {
    await writeFile(join(made, 'eval/000000-a.json'), text);
    await assert.rejects(readRun(made), { code: 'RUN_CORRUPT', message: /000000-a\.json: not an evaluation/ });
  }
});

it('the command names two runs of one name by their paths', async () => {
  await makeRun(join(dir, 'one/run'), { languages: ['ko'], metrics: [{ step: 1, entropy: 1 }] });
  await makeRun(join(dir, 'two/run'), { languages: ['ko'], metrics: [{ step: 1, entropy: 1 }] });
  const out = join(dir, 'page.html');
  const { code, stderr, stdout } = await glossa(['report', join(dir, 'one/run'), join(dir, 'two/run'), '--out', out]);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, `${out}\n`);
  const html = await readFile(out, 'utf8');
  for (const label of ['one/run', 'two/run']) assert.ok(html.includes(`${label}, Korean training prompts`), label);
  const twice = await glossa(['report', `a=${join(dir, 'one/run')}`, `a=${join(dir, 'two/run')}`, '--out', out]);
  assert.equal(twice.code, 2);
  assert.match(twice.stderr, /^error USAGE: two runs are called a/);
});
