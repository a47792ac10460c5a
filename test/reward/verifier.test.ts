import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/index.js';
import { loadDataSet, remarks, type Row } from '../../src/data/index.js';
import { hashInputs } from '../../src/inputs/index.js';
import { createGrader, type UngradedCompletion } from '../../src/reward/index.js';
import { DEFAULT_SCORE_FIELDS, scoreRows } from '../../src/score/index.js';

const module = (name: string): string => fileURLToPath(new URL(`modules/${name}.mjs`, import.meta.url));
const JUDGE = module('judge');
const rewards = [
  { name: 'accuracy', weight: 1 },
  { name: 'language_gated', weight: 1 },
];

const given = (completion: string, answer: string, verifier?: string): UngradedCompletion => ({
  problem: { id: 'p', question: '?', answer, language: 'en', ...(verifier !== undefined && { verifier }) },
  completion,
  finish: 'stop',
});

test('each problem is judged by the verifier of its source, in threads as on the calling thread', async () => {
  const inputs = [
    given('#### 7', '7'),
    given('#### 7', '7', 'number'),
    given('The answer is B.', 'B', 'choice'),
    given('The answer is B.', 'B'),
    given('seven apples', 'seven', JUDGE),
    given('eight apples', 'seven', JUDGE),
    given('null', 'x', JUDGE),
  ];
  for (const repeat of [1, 4000]) {
    const grader = await createGrader(rewards, { threads: 2, verifiers: [JUDGE, undefined, 'choice'] });
    const graded = await grader.grade(Array.from({ length: repeat }, () => inputs).flat());
    assert.deepEqual(
      graded.slice(-inputs.length).map(({ correct, rewards: [accuracy, gated] }) => [correct, accuracy, gated]),
      [
        [true, 1, null],
        [true, 1, null],
        [true, 1, 1],
        [null, null, null],
        [true, 1, 1],
        [false, 0, 0],
        [null, null, null],
      ],
    );
    assert.ok(graded.every(({ errors }) => errors.length === 0));
    await grader.close();
  }
});

test('a verifier that throws or says something else leaves null and an error for that completion alone', async () => {
  const grader = await createGrader(rewards, { threads: 1 });
  const [thrown, other, right] = await grader.grade(['throw', 'one', 'x'].map((text) => given(text, 'x', JUDGE)));
  assert.deepEqual([thrown!.correct, thrown!.rewards, thrown!.errors[0]?.reward], [null, [null, null], JUDGE]);
  assert.match(thrown!.errors[0]!.message, /TypeError: no verdict \(.*judge\.mjs:4:/);
  assert.match(other!.errors[0]!.message, /returned 1, expected true, false or null/);
  assert.deepEqual([right!.correct, right!.errors], [true, []]);
  await grader.close();
});

test('a verifier that is none is refused before anything is judged', async () => {
  await assert.rejects(createGrader(rewards, { verifiers: ['choise'] }), { code: 'VERIFIER_UNKNOWN', hint: /choice/ });
  await assert.rejects(createGrader(rewards, { verifiers: [module('nothing')] }), {
    code: 'VERIFIER_MODULE',
    hint: /true \| false \| null/,
  });
  await assert.rejects(createGrader(rewards, { verifiers: [module('missing')] }), { code: 'VERIFIER_MODULE' });
});

test('data, config, inputs and score know the verifier', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-verifier-'));
  const path = join(dir, 'quiz.jsonl');
  const rows = ['B', 'none of them'].map((answer, i) => JSON.stringify({ id: i, question: '?', answer, lang: 'en' }));
  await writeFile(path, rows.join('\n') + '\n');
  await writeFile(join(dir, 'judge.mjs'), 'export default () => true;\n');

  const set = await loadDataSet({ path, verifier: 'choice' });
  assert.deepEqual(
    set.problems.map(({ verifier }) => verifier),
    ['choice', 'choice'],
  );
  assert.match(remarks(set).join(), /1 of 2 gold answers are not letters of options/);
  assert.ok(!('verifier' in (await loadDataSet({ path })).problems[0]!));
  assert.deepEqual((await loadDataSet({ path, verifier: JUDGE })).unjudged, []);

  const text = (verifier: string) =>
    `model: { lab: {} }\ndata: { train: [{ path: quiz.jsonl, verifier: ${verifier} }] }`;
  const config = parseConfig(text('judge.mjs'), { path: join(dir, 'run.yaml') });
  assert.equal(config.data.train[0]!.verifier, join(dir, 'judge.mjs'));
  assert.equal(parseConfig(text('choice'), { path: join(dir, 'run.yaml') }).data.train[0]!.verifier, 'choice');
  assert.throws(() => parseConfig(text('choise'), { path: join(dir, 'run.yaml') }), {
    code: 'CONFIG_INVALID',
    message: /verifier.*number, choice, mathematics, or the path/,
  });
  const { files } = await hashInputs(config, { labDir: dir, weights: false, adapter: false });
  assert.deepEqual(
    files.map(({ setting }) => setting),
    ['data.train[0].path', 'data.train[0].verifier'],
  );

  async function* completions(): AsyncGenerator<Row> {
    for (const [i, completion] of ['The answer is (B).', '#### C', 'no gold'].entries()) {
      const gold = i < 2 ? { gold: 'B' } : {};
      yield await Promise.resolve({ line: i + 1, value: { completion, lang: 'en', ...gold } });
    }
  }
  for (const [verifier, expected] of [
    ['choice', [true, false, null]],
    ['number', [null, null, null]],
    [JUDGE, [true, false, null]],
  ] as const) {
    const correct: unknown[] = [];
    for await (const scored of scoreRows(completions(), DEFAULT_SCORE_FIELDS, undefined, { verifier }))
      correct.push('score' in scored ? scored.score.correct : scored.reason);
    assert.deepEqual(correct, expected, verifier);
  }
});
