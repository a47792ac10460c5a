import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { loadDataSet, originOf, promptOrder, streamDataSet } from '../../src/data/index.js';
import { SpilledProblems } from '../../src/data/spilled.js';

const folder = mkdtempSync(join(tmpdir(), 'glossa-spilled-'));
after(() => rmSync(folder, { recursive: true }));

function file(rows: readonly object[], name: string): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}
const rows = Array.from({ length: 3000 }, (_, i) => ({
  ...{ id: i, answer: String(i), lang: i % 3 === 0 ? 'en' : 'ko', level: (i % 4) + 1, deep: { x: [i, '둘'] } },
  // Some longer than what is read at a time.
  question: `${String(i)}: 얼마? ${'가'.repeat(i % 1000 === 7 ? 500_000 : i % 50)}`,
}));

test('a set on disk is the set in memory: problems, places, languages and their order', async () => {
  const path = file(rows, 'rows.jsonl');
  const settings = { path, levels: { '1': 2, '3': [[0, 1], [20, 0]] as const }, rows: true, weight: 0.7 }; // prettier-ignore
  const [held, spilled] = [await loadDataSet(settings), await streamDataSet(settings, 10_000)];
  assert.ok(spilled.problems instanceof SpilledProblems);
  assert.equal(spilled.problems.length, 3000);
  // A field that is undefined need not come back as one.
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as unknown;
  assert.deepEqual(plain([...spilled.problems]), plain(held.problems));
  for (const i of [0, 7, 1006, 1007, 2999]) {
    assert.deepEqual(plain(spilled.problems.at(i)), plain(held.problems[i]));
    assert.deepEqual(originOf(spilled.problems.at(i)!), { file: path, line: i + 1 });
  }
  assert.equal(spilled.problems.at(3000), undefined);
  assert.deepEqual(spilled.languages, ['en', 'ko']);
  const pace = { prompts: 8, steps: 1, maxSteps: 50 };
  const [a, b] = [promptOrder([held], 9n, pace), promptOrder([spilled], 9n, pace)];
  for (let i = 0; i < 400; i++) assert.equal(b(i).id, a(i).id);
});

test('chats come back as they were', async () => {
  const messages = [{ role: 'system', content: '짧게' }, { role: 'user', content: [{ type: 'text', text: '1 + 1?' }] }]; // prettier-ignore
  const chats = Array.from({ length: 50 }, (_, i) => ({ id: i, prompt: messages, answer: 2, lang: 'ko' }));
  const { problems } = await streamDataSet({ path: file(chats, 'chats.jsonl') }, 0);
  assert.ok(problems instanceof SpilledProblems);
  for (const problem of problems) assert.deepEqual(problem.messages, messages);
});

test('an id that comes twice is found on disk too', async () => {
  const path = file([...rows.slice(0, 300), { ...rows[4], lang: 'th' }, { ...rows[4] }], 'twice.jsonl');
  await assert.rejects(streamDataSet({ path }, 0), {
    code: 'DATA_BAD_ROW',
    message: /:302: id "4" was given before, on line 5$/,
  });
  const { problems, counts, skipped } = await streamDataSet({ path, onBadRow: 'skip' }, 0);
  assert.deepEqual([problems.length, counts.skipped, skipped.length], [301, 1, 1]);
});

test('nothing of it lies in the folder for temporary files', async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('glossa-problems-'));
  const { problems } = await streamDataSet({ path: file(rows, 'again.jsonl') }, 0);
  assert.equal(problems.at(5)!.id, '5');
  assert.deepEqual(
    readdirSync(tmpdir()).filter((name) => name.startsWith('glossa-problems-') && !before.includes(name)),
    [],
  );
});

test('rows that are left out are counted, and the first thousand kept', async () => {
  const bad = Array.from({ length: 1500 }, () => ({ question: '' }));
  const path = file([...bad, ...rows.slice(0, 3)], 'bad.jsonl');
  const { counts, skipped } = await streamDataSet({ path, onBadRow: 'skip' });
  assert.deepEqual([counts.skipped, skipped.length], [1500, 1000]);
});

test('a set of many times the memory that is left is read and drawn from', () => {
  const path = join(folder, 'large.jsonl');
  execFileSync(process.execPath, ['scripts/large_data.mjs', path, '300000']);
  const program = `
    import { promptOrder, streamDataSet } from './src/data/index.ts';
    const set = await streamDataSet({ path: ${JSON.stringify(path)} }, 2 ** 20);
    const at = promptOrder([set], 1n);
    console.log(set.problems.length, at(12345).question.length > 0);
  `;
  // In memory its 300,000 problems take more than 100 MB; with 40 MB, V8 would end the process.
  const flags = ['--max-old-space-size=40', '--import', 'tsx', '--input-type=module', '-e', program];
  assert.equal(execFileSync(process.execPath, flags, { encoding: 'utf8' }).trim(), '300000 true');
});
