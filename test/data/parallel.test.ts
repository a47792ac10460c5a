import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptOrder } from '../../src/data/index.js';
import type { Weight } from '../../src/data/weight.js';
import type { DataSet, Problem } from '../../src/data/types.js';
import type { Language } from '../../src/language/types.js';

type OrderedSet = Pick<DataSet<Problem[]>, 'problems' | 'settings'>;

/** Problems 0 to `size` - 1 in these languages, one file each. */
function files(size: number, languages: readonly Language[], weight?: Weight): OrderedSet[] {
  return languages.map((language) => ({
    problems: Array.from({ length: size }, (_, i) => ({ id: String(i), question: `${language}${String(i)}`, answer: String(i), language })), // prettier-ignore
    settings: { path: `${language}.jsonl`, weight },
  }));
}
const take = (at: (index: number) => Problem, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => at(from + i));
const LANGUAGES = ['ko', 'zh', 'th'] as const;

test('one_language: an epoch is every problem once, and after as many as there are languages each in each', () => {
  const size = 20;
  const at = promptOrder(files(size, LANGUAGES), 3n, undefined, 'one_language');
  const seen = new Set<string>();
  for (let epoch = 0; epoch < 3; epoch++) {
    const drawn = take(at, epoch * size, size);
    assert.equal(new Set(drawn.map(({ id }) => id)).size, size);
    // Not all in one language at a time.
    assert.equal(new Set(drawn.map(({ language }) => language)).size, 3);
    for (const { question } of drawn) seen.add(question);
  }
  assert.equal(seen.size, 3 * size);
  assert.equal(at(47).question, promptOrder(files(size, LANGUAGES), 3n, undefined, 'one_language')(47).question);
});

test('one_language takes problems of fewer languages too, from one file or several', () => {
  const [ko, zh] = files(10, ['ko', 'zh']);
  zh!.problems.splice(4);
  const mixed = { problems: [...ko!.problems, ...zh!.problems], settings: { path: 'all.jsonl' } };
  for (const sets of [[ko!, zh!], [mixed]]) {
    const drawn = take(promptOrder(sets, 1n, undefined, 'one_language'), 0, 20);
    const count = (language: Language) => drawn.filter((problem) => problem.language === language).length;
    assert.deepEqual([count('ko'), count('zh')], [16, 4]);
  }
});

test('all_languages: each problem in all its languages, in one step', () => {
  const pace = { prompts: 6, steps: 2, parts: 2, maxSteps: 10 };
  const at = promptOrder(files(20, LANGUAGES), 3n, pace, 'all_languages');
  const ids: string[] = [];
  for (let part = 0; part < 20; part++) {
    const drawn = take(at, part * 3, 3);
    assert.equal(new Set(drawn.map(({ id }) => id)).size, 1);
    assert.deepEqual(new Set(drawn.map(({ language }) => language)), new Set(LANGUAGES));
    ids.push(drawn[0]!.id);
  }
  assert.equal(new Set(ids).size, 20);
  assert.throws(() => promptOrder(files(20, LANGUAGES), 3n, { ...pace, prompts: 9 }, 'all_languages'), {
    code: 'DATA_PARALLEL',
    message: /prompts_per_step 9 is no multiple of the 3 languages of each problem x steps_per_generation 2/,
  });
  const [ko, zh] = files(10, ['ko', 'zh']);
  zh!.problems.splice(4, 1);
  assert.throws(() => promptOrder([ko!, zh!], 3n, undefined, 'all_languages'), {
    code: 'DATA_PARALLEL',
    message: /problem 4 is there in ko, and problem 0 in ko, zh/,
  });
});

test('weights and schedules count problems, not languages', () => {
  const others: OrderedSet = { ...files(6, ['en'])[0]!, settings: { path: 'en.jsonl', weight: [[0, 0], [4, 0], [4, 4]] } }; // prettier-ignore
  for (const problem of others.problems) problem.id = `e${problem.id}`;
  const at = promptOrder(
    [...files(12, ['ko', 'zh']), others],
    7n,
    { prompts: 9, steps: 1, maxSteps: 20 },
    'one_language',
  );
  for (let step = 0; step < 8; step++) {
    const english = take(at, step * 9, 9).filter(({ language }) => language === 'en').length;
    assert.equal(english, step < 4 ? 0 : 6); // 12 problems of weight 1 and 6 of weight 4
  }
});

test('what is not parallel is refused', () => {
  const order = (sets: OrderedSet[]) => promptOrder(sets, 1n, undefined, 'one_language');
  assert.throws(() => order([...files(5, ['ko']), ...files(5, ['ko'])]), {
    code: 'DATA_PARALLEL',
    message: /problem 0 is there twice in ko: in ko\.jsonl and in ko\.jsonl/,
  });
  assert.throws(() => order([...files(5, ['ko'], 2), ...files(5, ['zh'])]), {
    code: 'DATA_PARALLEL',
    message: /problem 0 is in ko\.jsonl and in zh\.jsonl, which have other weights/,
  });
  const other = files(5, ['zh']);
  for (const problem of other[0]!.problems) problem.answer += '0';
  assert.throws(() => order([...files(5, ['ko']), ...other]), {
    code: 'DATA_PARALLEL',
    message: /most problems that share an id have other answers, such as 0/,
  });
});
