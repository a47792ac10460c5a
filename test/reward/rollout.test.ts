import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rowIds, toRagged } from '../../src/base/ragged.js';
import type { Problem } from '../../src/data/types.js';
import type { Completed, RolloutColumns } from '../../src/engine/types.js';
import { createGrader, RolloutGrading } from '../../src/reward/index.js';
import type { Tokenizer } from '../../src/tokenizer/types.js';

const SAMPLES = 3;
const problems: Problem[] = ['7', '8', '9'].map((answer) => ({
  id: answer,
  question: `${answer} + 0?`,
  answer,
  language: 'ko',
}));
/** Ids are code points; a thought is open at the end of the second prompt. */
const ids = (text: string) => Int32Array.from(text, (letter) => letter.codePointAt(0)!);
const asked = problems.map((problem, i) => ({
  problem,
  prompt: ids(`${problem.question}${i === 1 ? ' <think>' : ''}`),
}));
const completions = problems.flatMap(({ answer }) => [`모두 ${answer}개\n#### ${answer}`, `#### 1`, `all of them`]);
const columns = {
  rows: completions.length,
  completions: toRagged(completions.map((text) => [...ids(text)])),
  finish: Int8Array.from(completions, (_, i) => (i % 4 === 3 ? 1 : 0)),
} as unknown as RolloutColumns;

/** The rows as an engine tells them. */
function completed(rows: readonly number[]): Completed {
  return {
    rows: Int32Array.from(rows),
    completions: toRagged(rows.map((row) => [...rowIds(columns.completions, row)])),
    finish: Int8Array.from(rows, (row) => columns.finish[row]!),
  };
}

async function graded(pieces: readonly (readonly number[])[]) {
  const decoded: string[] = [];
  const tokenizer = {
    decode: async (given: Int32Array) => {
      const text = String.fromCodePoint(...given);
      decoded.push(text);
      // The first take longest: what comes later is there before.
      await new Promise((resolve) => setTimeout(resolve, decoded.length < 3 ? 5 : 0));
      return text;
    },
  } as unknown as Tokenizer;
  const grader = await createGrader([
    { name: 'accuracy', weight: 1 },
    { name: 'language', weight: 1 },
  ]);
  const grading = new RolloutGrading(asked, SAMPLES, { tokenizer, grader });
  for (const rows of pieces) grading.add(completed(rows));
  const result = await grading.rest(columns);
  await grader.close();
  return { result, decoded: decoded.sort() };
}

test('completions graded as they end have the grades, in the order, of grading all at the end, each once', async () => {
  const end = await graded([]);
  assert.deepEqual(end.result.texts, completions);
  assert.deepEqual(
    end.result.graded.map(({ correct }) => correct),
    // The second problem's stands in a thought that its prompt opens.
    problems.flatMap((_, i) => [i !== 1, false, false]),
  );
  for (const pieces of [[[8], [2, 0], [5, 4]], [[8, 7, 6, 5, 4, 3, 2, 1, 0]], [[3], [], [1]]]) {
    const early = await graded(pieces);
    assert.deepEqual(early.result, end.result);
    assert.deepEqual(early.decoded, end.decoded);
  }
});

test('what goes wrong while others are sampled is told at the end', async () => {
  const grader = {
    names: [],
    weights: [],
    calls: 'completion' as const,
    grade: () => Promise.resolve([]),
    begin: () => ({
      add: (rows: readonly number[]) => (rows.length === 1 ? Promise.reject(new Error('lost')) : Promise.resolve()),
      rest: () => Promise.resolve([]),
    }),
    close: () => Promise.resolve(),
  };
  const tokenizer = { decode: () => Promise.resolve('') } as unknown as Tokenizer;
  const grading = new RolloutGrading(asked, SAMPLES, { tokenizer, grader });
  grading.add(completed([4]));
  await new Promise((resolve) => setTimeout(resolve, 5));
  await assert.rejects(grading.rest(columns), /lost/);
});
