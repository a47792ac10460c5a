import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { compareRuns } from '../../src/analysis/index.js';
import { comparisonText } from '../../src/cli/comparison_text.js';
import { runFolder, type MetricsLine } from '../../src/run/index.js';
import { evaluation, makeRun } from '../report/runs.js';

let root: string;
const [A, B] = ['a', 'b'].map((name) => () => join(root, name)) as [() => string, () => string];

interface Answer {
  id: string;
  correct: boolean | null;
  ko: number;
  en: number;
}

async function answers(dir: string, rows: readonly Answer[]): Promise<void> {
  const column = (name: string, data: unknown[]) => ({ name, data });
  const columnData = [
    column(
      'id',
      rows.map(({ id }) => id),
    ),
    column(
      'language',
      rows.map(() => 'ko'),
    ),
    column(
      'question',
      rows.map(({ id }) => `${id}?`),
    ),
    column(
      'gold',
      rows.map(() => '1'),
    ),
    column(
      'correct',
      rows.map(({ correct }) => correct),
    ),
    column(
      'finish',
      rows.map(() => 'stop'),
    ),
    column(
      'words.ko',
      rows.map(({ ko }) => ko),
    ),
    column(
      'words.en',
      rows.map(({ en }) => en),
    ),
  ];
  await writeFile(runFolder(dir).evaluationRows(2, 'test'), new Uint8Array(parquetWriteBuffer({ columnData })));
}

const line = (step: number, accuracy: number, more: Partial<MetricsLine> = {}): MetricsLine => ({
  step,
  accuracy,
  'language/target_wr': 0.5,
  step_time: Math.random(),
  ...more,
});
const answer = (id: string, correct: boolean | null, ko: number, en: number): Answer => ({ id, correct, ko, en });

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-compare-'));
  const evaluations = (accuracy: number, target_wr: number) => [
    evaluation([0, 'test', 'ko'], { accuracy: 0, target_wr: 1 }),
    evaluation([2, 'test', 'ko'], {
      accuracy,
      target_wr,
      n: 8,
      'pass@2': accuracy,
      'avg@2': accuracy,
      'maj@2': accuracy,
    }),
    evaluation([2, 'other', 'en'], { accuracy, accuracy_strict: accuracy - 0.25, n: 100 }),
  ];
  await makeRun(A(), {
    languages: ['ko'],
    config: { grpo: { temperature: 0.7, max_steps: 3 }, run: { dir: 'a' }, rewards: [{ name: 'accuracy' }] },
    metrics: [line(1, 0.25), line(2, 0.5, { entropy: 1 }), line(3, 0.5)],
    evaluations: evaluations(0.375, 0.25),
  });
  await makeRun(B(), {
    languages: ['ko'],
    config: { grpo: { temperature: 1, max_steps: 3 }, run: { dir: 'b' }, rewards: [] },
    metrics: [line(1, 0.25), line(2, 0.5, { entropy: 2 })],
    evaluations: evaluations(0.5, 0.5),
  });
  // Two completions of each problem; q4 and q5 have only one of the runs.
  await answers(A(), [
    ...[answer('q1', true, 1, 3), answer('q1', false, 1, 1)],
    ...[answer('q2', true, 0, 4), answer('q2', true, 2, 2)],
    ...[answer('q3', false, 0, 2), answer('q3', null, 0, 0)],
    answer('q4', true, 9, 9),
  ]);
  await answers(B(), [
    ...[answer('q1', true, 4, 0), answer('q1', true, 3, 1)],
    ...[answer('q2', false, 2, 2), answer('q2', true, 4, 0)],
    ...[answer('q3', false, 2, 0), answer('q3', false, 1, 1)],
    answer('q5', true, 0, 9),
  ]);
});
after(() => rm(root, { recursive: true, force: true }));

const compare = (step?: number) =>
  compareRuns([A(), B()], { read: ({ config }) => config, ...(step !== undefined && { step }) });

test('the accuracy by marked answers alone stands beside the other where they part', async () => {
  const { suites } = await compare();
  const fields = (name: string) => suites.find(({ suite }) => suite === name)!.figures.map(({ field }) => field);
  assert.deepEqual(fields('other').slice(0, 3), ['accuracy', 'accuracy_strict', 'clipped_ratio']);
  assert.ok(!fields('test').includes('accuracy_strict'));
  const strict = suites.find(({ suite }) => suite === 'other')!.figures[1]!;
  assert.deepEqual([strict.a, strict.b, strict.difference], [0.125, 0.25, 0.125]);
  // R. G. Newcombe 1998, method 10, of 12.5 and 25 of 100, by Python.
  assert.ok(
    Math.abs(strict.low! - 0.0164) < 5e-5 && Math.abs(strict.high! - 0.23122) < 5e-5,
    `${String(strict.low)} ${String(strict.high)}`,
  );
  const text = comparisonText(await compare());
  assert.match(text, /accuracy, strict +12\.5 % +25\.0 % +\+12\.5/);
});

test('what differs is told: settings, but not where a run lies', async () => {
  const { settings, machine, inputs } = await compare();
  assert.deepEqual(settings, [
    { what: 'grpo.temperature', then: '0.7', now: '1' },
    { what: 'rewards[0].name', then: '"accuracy"', now: 'not set' },
    { what: 'rewards', then: 'not set', now: '[]' },
  ]);
  assert.deepEqual([machine, inputs], [[], []]);
});

test('held-out figures are paired by the problems that both answered', async () => {
  const [suite] = (await compare()).suites.filter(({ suite }) => suite === 'test');
  assert.deepEqual([suite!.problems, suite!.unpaired, suite!.step], [3, 2, { a: 2, b: 2 }]);
  const figure = (field: string) => suite!.figures.find((each) => each.field === field)!;
  const { difference, low, high, interval } = figure('accuracy');
  // 3 of 5 judged right, against 3 of 6.
  assert.ok(Math.abs(difference! - (3 / 6 - 3 / 5)) < 1e-12);
  assert.equal(interval, 'paired bootstrap');
  assert.ok(low! <= difference! && difference! <= high!);
  // 4 of 16 words Korean, against 16 of 20.
  assert.ok(Math.abs(figure('target_wr').difference! - (16 / 20 - 4 / 16)) < 1e-12);
  // Values are those of the files, over all problems.
  assert.deepEqual([figure('accuracy').a, figure('accuracy').b], [0.375, 0.5]);
  assert.equal(figure('target_wr_rewarded').interval, null, 'some resamples have no right answer');
});

test('figures of k completions are paired too, but for majorities', async () => {
  const [suite] = (await compare()).suites.filter(({ suite }) => suite === 'test');
  const figure = (field: string) => suite!.figures.find((each) => each.field === field)!;
  // By hand: q1 and q2 pass in both; of q3 A has one judged alone, and B none right.
  assert.ok(Math.abs(figure('pass@2').difference! - (2 / 3 - 2 / 2)) < 1e-12);
  // (1/2 + 1 + 0) / 3 against (1 + 1/2 + 0) / 3.
  assert.ok(Math.abs(figure('avg@2').difference!) < 1e-12);
  assert.equal(figure('avg@2').interval, 'paired bootstrap');
  assert.deepEqual([figure('maj@2').difference, figure('maj@2').interval], [0.125, null]);
  assert.match(comparisonText(await compare()), /avg@2 +37\.5 % +50\.0 % +0\.0 +-/);
});

test('without completions accuracy has an interval of independent samples, and word shares have none', async () => {
  const [suite] = (await compare()).suites.filter(({ suite }) => suite === 'other');
  assert.equal(suite!.problems, null);
  const { low, high, interval } = suite!.figures[0]!;
  assert.equal(interval, 'newcombe');
  // R. G. Newcombe 1998, method 10, of 37.5 and 50 of 100, by Python.
  assert.ok(Math.abs(low! - -0.0122) < 5e-5 && Math.abs(high! - 0.25576) < 5e-5, `${String(low)} ${String(high)}`);
  const accuracies = suite!.figures.filter(({ interval }) => interval !== null).map(({ field }) => field);
  assert.deepEqual(accuracies, ['accuracy', 'accuracy_strict']);
});

test('curves are aligned by step, and the first step that differs leaves timings out', async () => {
  const { curves, first_difference: first, common_steps: steps, last } = await compare();
  assert.deepEqual(curves.find(({ name }) => name === 'accuracy')!.points, [
    { step: 1, a: 0.25, b: 0.25 },
    { step: 2, a: 0.5, b: 0.5 },
    { step: 3, a: 0.5, b: null },
  ]);
  assert.deepEqual(first, { step: 2, metrics: [{ name: 'entropy', a: 1, b: 2 }] });
  assert.equal(steps, 2);
  assert.equal(last!.step, 2);
});

test('strict accuracy is no pair of what is paired, and the text says so', async () => {
  const compared = await compare();
  const [paired, other] = ['test', 'other'].map((name) => compared.suites.find(({ suite }) => suite === name)!);
  const strict = other!.figures.find(({ field }) => field === 'accuracy_strict')!;
  const text = comparisonText({ ...compared, suites: [{ ...paired!, figures: [...paired!.figures, strict] }] });
  assert.match(text, /^ {2}paired by 3 problems .*; accuracy, strict: independent samples$/m);
});

test('suites are compared at a step that is asked for', async () => {
  const { suites } = await compare(0);
  assert.deepEqual(
    suites.map(({ suite, step }) => [suite, step]),
    [['test', { a: 0, b: 0 }]],
  );
});

test('a comparison reads as text', async () => {
  const text = comparisonText(await compare());
  assert.match(text, /^ {2}grpo\.temperature +0\.7 +1$/m);
  assert.match(text, /^ {2}accuracy +37\.5 % +50\.0 % +-10\.0 +-[\d.]+ to \+?[\d.]+$/m);
  assert.match(
    text,
    /^ {2}paired by 3 problems \(bootstrap\); 2 problems that only one of them answered left out of B - A$/m,
  );
  assert.match(text, /^first step that differs: 2 \(entropy 1 against 2\)$/m);
});
