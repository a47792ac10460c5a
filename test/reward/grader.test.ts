import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import type { Problem } from '../../src/data/types.js';
import { createGrader, formatReward, type UngradedCompletion } from '../../src/reward/index.js';

const problem: Problem = { id: 'seen', question: '3 + 4?', answer: '7', language: 'ko' };
const input = (completion: string, more: Partial<UngradedCompletion> = {}): UngradedCompletion => ({
  problem,
  completion,
  finish: 'stop',
  ...more,
});
const module = (name: string): string => fileURLToPath(new URL(`modules/${name}.mjs`, import.meta.url));
const builtin = ['accuracy', 'format', 'language', 'language_gated', 'language_plain'].map((name) => ({
  name,
  weight: 1,
}));

test('format: one answer line, the last, with a number, ended by itself', () => {
  assert.equal(formatReward('답은\n#### 7', 'stop'), 1);
  assert.equal(formatReward('#### 7\n\n', 'stop'), 1);
  assert.equal(formatReward('답은\n#### 7', 'length'), 0);
  assert.equal(formatReward('답은\n#### 7', 'cancelled'), 0);
  assert.equal(formatReward('답은 7', 'stop'), 0);
  assert.equal(formatReward('#### 6\n#### 7', 'stop'), 0);
  assert.equal(formatReward('#### 7\n끝', 'stop'), 0);
  assert.equal(formatReward('답은 #### 7', 'stop'), 0);
  assert.equal(formatReward('#### 일곱', 'stop'), 0);
  assert.equal(formatReward('', 'stop'), 0);
});

test('built-in rewards', async () => {
  const grader = await createGrader(builtin);
  assert.deepEqual(grader.names, ['accuracy', 'format', 'language', 'language_gated', 'language_plain']);
  const [right, wrong, english, wordless, unjudged, padded, after] = await grader.grade([
    input('사과는 모두 일곱 개입니다.\n#### 7'),
    input('사과는 모두 여덟 개입니다.\n#### 8'),
    input('There are seven in all.\n#### 7'),
    input('#### 7'),
    input('모두 그렇다\n#### 7', { problem: { ...problem, answer: 'x + 1' } }),
    input('Three and four. 모두 모두 모두 모두 모두\n#### 7', { finish: 'length' }),
    input('3 + 4 = 7\n#### 7 모두 그렇다'),
  ]);
  assert.deepEqual(right!.rewards, [1, 1, 1, 1, 1]);
  assert.deepEqual(wrong!.rewards, [0, 1, 1, 0, 1]);
  assert.deepEqual(english!.rewards, [1, 1, 0, 0, 0]);
  assert.deepEqual(wordless!.rewards, [1, 1, null, null, null]);
  assert.deepEqual(unjudged!.rewards, [null, 1, 1, null, 1]);
  assert.deepEqual(padded!.rewards, [1, 0, 1 / 4, 1 / 4, 5 / 8]);
  assert.deepEqual(after!.rewards, [1, 1, null, null, 1]);
  assert.equal(unjudged!.correct, null);
  assert.equal(right!.language.words.ko, 4);
  await grader.close();
});

test('threads give the results of the calling thread, in the order of the inputs', async () => {
  const inputs = Array.from({ length: 501 }, (_, i) =>
    input(`${'사과 하나 더 있다. '.repeat(i % 37)}\n#### ${i % 11}`),
  );
  const inline = await createGrader(builtin, { threads: 0 });
  const threaded = await createGrader(builtin, { threads: 3 });
  const expected = await inline.grade(inputs);
  const [first, second] = await Promise.all([threaded.grade(inputs), threaded.grade(inputs.toReversed())]);
  assert.deepEqual(first, expected);
  assert.deepEqual(second, expected.toReversed());
  await threaded.close();
});

test('a user’s function from a module path', async () => {
  const grader = await createGrader([
    { name: module('length'), weight: 0.5 },
    { name: 'accuracy', weight: 1 },
  ]);
  assert.deepEqual(grader.weights, [0.5, 1]);
  const graded = await grader.grade([input('#### 7'), input(''), input('x')]);
  assert.deepEqual(
    graded.map(({ rewards }) => rewards),
    [
      [6, 1],
      [null, 0],
      [1, 0],
    ],
  );
  assert.ok(graded.every(({ errors }) => errors.length === 0)); // null is no error
  await grader.close();
});

test('a function that throws or returns nonsense leaves null and an error, never a zero', async () => {
  const grader = await createGrader([{ name: 'moody', weight: 1, module: module('moody') }, ...builtin], {
    threads: 2,
  });
  const graded = await grader.grade(['throw', 'nan', 'text', 'fine'].map((completion) => input(completion)));
  assert.deepEqual(
    graded.map(({ rewards }) => rewards[0]),
    [null, null, null, 1],
  );
  const [thrown] = graded[0]!.errors;
  assert.equal(thrown!.reward, 'moody');
  assert.equal(thrown!.message, `TypeError: no such thing (${module('moody')}:3:37)`);
  assert.match(thrown!.stack!, /^\s+at .*moody\.mjs:3:37/);
  assert.doesNotMatch(thrown!.stack!, /module_main|\/reward\/module\//);
  assert.match(graded[1]!.errors[0]!.message, /returned NaN, expected a finite number \(float32\) or null/);
  assert.match(graded[2]!.errors[0]!.message, /returned "good", expected .* \(.*moody\.mjs:2\)/);
  assert.deepEqual(graded[3]!.errors, []);
  assert.equal(graded[0]!.rewards[1], 0); // the other rewards are not lost
  await grader.close();
});

test('a function that hangs or ends its process costs its own completion only', async () => {
  const grader = await createGrader(
    [
      { name: 'moody', weight: 1, module: module('moody') },
      { name: 'accuracy', weight: 1 },
    ],
    {
      threads: 1,
      timeout: 0.7,
    },
  );
  const texts = ['a', 'exit', 'b', 'later', 'wait', 'c'];
  const graded = await grader.grade(texts.map((completion) => input(completion)));
  const byText = Object.fromEntries(texts.map((text, i) => [text, graded[i]!]));
  for (const text of ['a', 'b', 'c']) assert.deepEqual(byText[text]!.rewards, [1, 0], text);
  assert.deepEqual(byText['wait']!.rewards, [null, 0]);
  assert.match(byText['wait']!.errors[0]!.message, /did not return within 0.7 s/);
  assert.match(byText['exit']!.errors[0]!.message, /ended its process with exit code 3/);
  assert.match(byText['later']!.errors[0]!.message, /from a timer/);
  await grader.close();
});

test('a function that never returns costs two time limits a batch', async () => {
  const grader = await createGrader([{ name: 'moody', weight: 1, module: module('moody'), timeout: 0.5 }], {
    threads: 1,
  });
  const began = performance.now();
  const graded = await grader.grade(Array.from({ length: 32 }, () => input('loop')));
  const seconds = (performance.now() - began) / 1e3;
  const messages = graded.map(({ errors }) => errors[0]!.message);
  assert.equal(messages.filter((message) => message.startsWith('did not return within 0.5 s')).length, 2);
  assert.match(messages.at(-1)!, /^not called: it was lost too often in this batch, the last time: did not return/);
  // Two limits, and the start of one process, which takes its time from sources on a busy machine.
  assert.ok(seconds < 15, `${String(seconds)} s`);
  await grader.close();
});

test('modules that cannot be used are refused at the start, by name', async () => {
  const missing = module('missing');
  await assert.rejects(
    createGrader([{ name: 'mine', weight: 1, module: missing }]),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'REWARD_MODULE');
      assert.ok(error.message.includes(missing));
      return true;
    },
  );
  await assert.rejects(createGrader([{ name: 'mine', weight: 1, module: module('nothing') }]), {
    code: 'REWARD_MODULE',
    message: /no default export that is a function/,
  });
  await assert.rejects(createGrader([{ name: 'acuracy', weight: 1 }]), { code: 'REWARD_UNKNOWN' });
});

test('a closed grader says so', async () => {
  const grader = await createGrader([{ name: module('moody'), weight: 1 }], { threads: 1 });
  const under = grader.grade([input('wait')]);
  const refused = assert.rejects(under, { code: 'GRADER_CLOSED' });
  await grader.close();
  await refused;
  await assert.rejects(grader.grade([input('x')]), { code: 'GRADER_CLOSED' });
});

test('256 short completions are graded in milliseconds', async (t) => {
  const grader = await createGrader(builtin);
  const inputs = Array.from({ length: 256 }, (_, i) =>
    input(`먼저 ${i} + 4 = ${i + 4} 입니다. 그래서 답은 모두 ${i + 4}개입니다.\n#### ${i + 4}`),
  );
  let took = Infinity;
  for (let round = 0; round < 5; round++) {
    const start = performance.now();
    await grader.grade(inputs);
    took = Math.min(took, performance.now() - start);
  }
  t.diagnostic(`${took.toFixed(1)} ms`);
  assert.ok(took < 200, `${took} ms`);
  await grader.close();
});
