import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { generateProblems } from '../../src/lab/index.js';
import { drawStory, stepsOf } from '../../src/lab/story.js';
import type { LabProblem, ProblemSettings } from '../../src/lab/types.js';
import { LAB_LANGUAGES } from '../../src/lab/index.js';

const settings: ProblemSettings = {
  steps: { '1': 1, '2': 1, '3': 1, '4': 1 },
  maxStart: 40,
  maxChange: 12,
  maxTotal: 60,
  operations: ['add', 'subtract', 'multiply', 'divide'],
};
const many = generateProblems(settings, { seed: 3, split: 'train', count: 1000, languages: LAB_LANGUAGES });
const byId = new Map<string, LabProblem[]>();
for (const problem of many) byId.set(problem.id, [...(byId.get(problem.id) ?? []), problem]);

const EQUATION = /(\d+)([-+*/])(\d+)=(\d+)/g;

function evaluate(left: number, operator: string, right: number): number {
  if (operator === '+') return left + right;
  if (operator === '-') return left - right;
  return operator === '*' ? left * right : left / right;
}

describe('problems of the lab', () => {
  test('every worked solution is right, step after step, to the answer', () => {
    for (const { solutions, answer, steps, id, language } of many) {
      const equations = [...solutions.worked.matchAll(EQUATION)];
      assert.equal(equations.length, steps, `${id} ${language}`);
      let before: number | undefined;
      for (const [text, left, operator, right, result] of equations) {
        assert.equal(evaluate(Number(left), operator!, Number(right)), Number(result), `${id} ${language}: ${text}`);
        if (before !== undefined) assert.equal(Number(left), before, `${id} ${language}: ${text}`);
        before = Number(result);
      }
      assert.equal(String(before), answer);
      for (const solution of Object.values(solutions)) assert.ok(solution.endsWith(`\n#### ${answer}`));
      assert.ok(!solutions.short.match(EQUATION));
    }
  });

  test('tell the same story in every language: same numbers, same answer, same solution', () => {
    const numbers = (text: string) => (text.match(/\d+/g) ?? []).map(Number).sort((a, b) => a - b);
    for (const [id, told] of byId) {
      assert.deepEqual(
        told.map(({ language }) => language),
        LAB_LANGUAGES,
      );
      const [first, ...others] = told as [LabProblem, ...LabProblem[]];
      for (const other of others) {
        assert.equal(other.answer, first.answer, id);
        assert.deepEqual(numbers(other.question), numbers(first.question), `${id} ${other.language}`);
        assert.deepEqual(
          [...other.solutions.worked.matchAll(EQUATION)].map(([text]) => text),
          [...first.solutions.worked.matchAll(EQUATION)].map(([text]) => text),
        );
      }
    }
  });

  test('are written in their language and no other', () => {
    const letters = {
      en: /[A-Za-z]/u,
      ko: /\p{sc=Hangul}/u,
      zh: /\p{sc=Han}/u,
      ja: /[\p{sc=Hiragana}\p{sc=Katakana}]/u,
      th: /\p{sc=Thai}/u,
      uk: /\p{sc=Cyrillic}/u,
    };
    for (const { language, question, solutions } of many) {
      for (const text of [question, solutions.worked, solutions.short]) {
        assert.match(text, letters[language]);
        if (language !== 'en') assert.doesNotMatch(text, letters.en);
      }
    }
  });

  test('keep every quantity a whole number from 1 to the largest allowed', () => {
    for (let index = 0; index < 3000; index++) {
      const steps = stepsOf(drawStory(settings, 5, 'train', index));
      for (const { result } of steps) assert.ok(Number.isInteger(result) && result >= 1 && result <= settings.maxTotal);
    }
  });

  test('are thousands at each number of steps, even with small numbers', () => {
    const small = { ...settings, maxStart: 9, maxChange: 9, maxTotal: 18 };
    for (const steps of ['1', '2', '3', '4'] as const) {
      const problems = generateProblems(
        { ...small, steps: { [steps]: 1 } },
        { seed: 1, split: 'train', count: 3000, languages: ['en'] },
      );
      assert.equal(problems.length, 3000);
      assert.equal(new Set(problems.map(({ question }) => question)).size, 3000);
      assert.ok(problems.every((problem) => String(problem.steps) === steps));
    }
  });

  test('of train and test never meet, whatever the seeds', () => {
    const tiny = { ...settings, steps: { '1': 1 }, maxStart: 4, maxChange: 3, maxTotal: 6 };
    const ids = (seed: number, split: 'train' | 'test') =>
      generateProblems(tiny, { seed, split, count: 600, languages: ['en'] }).map(({ id }) => id);
    const train = new Set([...ids(1, 'train'), ...ids(2, 'train')]);
    const held = [...ids(1, 'test'), ...ids(3, 'test')];
    assert.ok(train.size > 700 && held.length > 300);
    assert.ok(held.every((id) => !train.has(id)));
  });

  test('are the same bytes for the same seed, here and on every other machine', () => {
    const digest = createHash('sha256').update(JSON.stringify(many)).digest('hex');
    assert.equal(digest.slice(0, 16), '4eba6716a0dac087');
    const other = generateProblems(settings, { seed: 4, split: 'train', count: 1000, languages: LAB_LANGUAGES });
    assert.notDeepEqual(other, many);
  });
});
