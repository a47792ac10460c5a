import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, test } from 'node:test';
import type { Problem } from '../../src/data/types.js';
import { createGrader, type UngradedCompletion } from '../../src/reward/index.js';

const module = (name: string): string => fileURLToPath(new URL(`modules/${name}.mjs`, import.meta.url));
const problem: Problem = { id: 'a', question: '3 + 4?', answer: '7', language: 'en' };
const group = (number: number, ...texts: string[]): UngradedCompletion[] =>
  texts.map((completion, sample) => ({ problem, completion, finish: 'stop', group: number, sample }));
const folder = mkdtempSync(join(tmpdir(), 'glossa-group-'));
after(() => rmSync(folder, { recursive: true }));
const log = join(folder, 'groups');
const grader = await createGrader(
  [
    { name: 'together', weight: 1, module: module('together'), settings: { factor: 10, log } },
    { name: 'accuracy', weight: 1 },
    { name: 'spread', weight: 1, module: module('spread') },
  ],
  { threads: 2, timeout: 20 },
);
after(() => grader.close());

test('a function of groups is given whole ones, one of the batch all, in whatever order completions come', async () => {
  const all = [...group(0, 'abc', 'a', '#### 7'), ...group(1, 'ab', 'ab', 'abcd')];
  const expected = [
    [10, 0, 3],
    [0.01, 0, 0],
    [20.02, 1, 5],
    [0, 0, 1],
    [0.01, 0, 1],
    [20.02, 0, 4],
  ];
  const graded = await grader.grade(all);
  assert.deepEqual(
    graded.map(({ rewards }) => rewards),
    expected,
  );
  const grading = grader.begin(3);
  for (const rows of [[4, 2], [0], [5, 1], [3]])
    await grading.add(
      rows,
      rows.map((row) => all[row]!),
    );
  assert.deepEqual(await grading.rest(), graded);
  assert.ok(graded.every(({ errors }) => errors.length === 0));
});

test('a whole group is asked about before the generation has ended', async () => {
  const all = [...group(0, 'abc', 'a'), ...group(1, 'ab', 'throw')];
  writeFileSync(log, '');
  const grading = grader.begin(2);
  await grading.add([0, 2], [all[0]!, all[2]!]);
  assert.equal(readFileSync(log, 'utf8'), '');
  await grading.add([1], [all[1]!]);
  assert.equal(readFileSync(log, 'utf8'), '0\n');
  await grading.add([3], [all[3]!]);
  const early = await grading.rest();
  assert.deepEqual(
    early.map(({ rewards }) => rewards[0]),
    [10, 0.01, 0, 10.01],
  );
});

test('what is not one value for each completion is an error of the group; a wrong value of its completion', async () => {
  const messages = async (...texts: string[]) => {
    const graded = await grader.grade([...group(0, ...texts), ...group(1, 'abc', 'a')]);
    assert.deepEqual(
      graded.slice(-2).map(({ rewards }) => rewards[0]),
      [10, 0.01],
    );
    const own = graded.slice(0, -2);
    assert.ok(own.every(({ rewards, errors }) => errors.length === 0 || rewards[0] === null));
    assert.ok(own.every(({ rewards }) => rewards[1] === 0 && rewards[2] !== null));
    return own.map(({ errors }) => errors[0]?.message ?? '');
  };
  for (const message of await messages('throw', 'x'))
    assert.match(message, /^RangeError: no group \(.*together\.mjs:7:\d+\)$/);
  for (const message of await messages('short', 'x', 'y'))
    assert.match(message, /^returned 2 values for 3 completions, expected one value for each \(.*together\.mjs:5\)$/);
  for (const message of await messages('one', 'x'))
    assert.match(message, /^returned 1 for 2 completions, expected one value for each/);
  for (const message of await messages('promises', 'x'))
    assert.match(message, /^returned a promise for completion [12] of 2, .*await it/);
  const [nan, nothing, text, fine] = await messages('mixed', 'a', 'b', 'c');
  assert.match(nan!, /^returned NaN for completion 1 of 4, expected a finite number/);
  assert.match(text!, /^returned "good" for completion 3 of 4/);
  assert.deepEqual([nothing, fine], ['', '']);
  assert.deepEqual(await messages('typed', 'a'), ['', '']);
});

test('what a module prints has the name of its reward before each line', () => {
  const script = `import { createGrader } from ${JSON.stringify(new URL('../../src/reward/index.ts', import.meta.url).href)};
    const grader = await createGrader([{ name: 'mine', weight: 1, module: ${JSON.stringify(module('together'))} }], { threads: 1 });
    await grader.grade([{ problem: ${JSON.stringify(problem)}, completion: 'a', finish: 'stop', group: 4 }]);
    await grader.close();`;
  const child = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', `${script}`];
  const said = execFileSync('sh', ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, ...child], { encoding: 'utf8' });
  assert.equal(said, 'mine: group 4 of 1\n');
});
