import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { VERIFIERS, verifierOf, type JudgeOptions } from '../../src/answer/index.js';

const { choice, number } = VERIFIERS;
type Row = [completion: string, gold: string, expected: boolean | null, options?: JudgeOptions];

const groups: Record<string, Row[]> = {
  'a marked choice': [
    ['#### B', 'B', true],
    ['#### B', 'C', false],
    ['so it must be\n#### (B) 12 apples', 'B', true],
    ['\\boxed{B}', '(B)', true],
    ['\\boxed{\\text{(B)}} is it', 'B', true],
    ['$\\boxed{\\mathrm{B}}$', 'B.', true],
    ['not \\boxed{A}, but \\boxed{C}', 'C', true],
    ['#### A\n#### D', 'D', true],
    ['\\boxed{A}\n#### D', 'D', true],
    ['#### A\nor rather \\boxed{D}', 'D', true],
    ['#### b', 'B', true],
    ['#### Ｂ', 'B', true],
    ['#### 12', 'B', false],
    ['\\boxed{B and C}', 'B', false],
    ['\\boxed{B, C}', 'B', false],
    ['\\boxed{B, because it is even}', 'B', true],
    ['#### A cat', 'A', false],
    ['#### B', 'B', true, { answer: 'strict' }],
    ['\\boxed{B} and then it was cut', 'B', true, { finish: 'length' }],
  ],
  'a choice that is said': [
    ['The answer is B.', 'B', true],
    ['The answer is (B).', 'B', true],
    ['The answer is **B**', 'B', true],
    ['The correct answer is option C, since 5 is odd.', 'C', true],
    ['The answer is B because A and C are even.', 'B', true],
    ['Answer: A', 'A', true],
    ['The answer is A cat.', 'A', false],
    ['The answer is A. No, the answer is D.', 'D', true],
    ['A is wrong, B is right.\nC', 'C', true],
    ['12 apples', 'A', false],
    ['정답은 ② 입니다.', '②', true],
    ['정답은 나', '나', true],
    ['정답: (다)', '다', true],
    ['答案是B。', 'B', true],
    ['答案：C', 'C', true],
    ['答えはDです。', 'D', true],
    ['คำตอบคือ ข้อ ข', 'ข', true],
    ['Відповідь: Б', 'Б', true],
    ['Відповідь: В', 'Б', false],
    ['The answer is B.', 'B', false, { answer: 'strict' }],
    ['The answer is B.', 'B', false, { finish: 'length' }],
  ],
  'where it is looked for': [
    ['<think>The answer is A.</think>The answer is B.', 'B', true],
    ['<think>The answer is B.', 'B', false],
    ['The answer is B.', 'B', false, { thought: true }],
    ['The answer is B.\n\nQuestion: what next?\nThe answer is D.', 'B', true],
  ],
  'a gold answer that is no option': [
    ['#### B', '12', null],
    ['#### B', '', null],
    ['#### B', 'Bob', null],
    ['#### B', 'first step\n#### B', true],
  ],
};

for (const [name, rows] of Object.entries(groups)) {
  test(name, () => {
    for (const [completion, gold, expected, options = {}] of rows)
      assert.equal(choice.judge(completion, gold, options).correct, expected, `${completion} | ${gold}`);
  });
}

test('judges only by options, and never throws', () => {
  assert.ok(choice.judges('(C)') && choice.judges('ข') && !choice.judges('3') && !choice.judges('Cat'));
  assert.deepEqual(choice.judge('so \\boxed{(C) 4}', 'B', {}), { correct: false, answer: '(C) 4', strict: false });
  const part = fc.constantFrom(
    '#### ',
    '\\boxed{',
    '}',
    'The answer is ',
    '(B)',
    'B',
    '**',
    '\n',
    '<think>',
    '①',
    '답은 ',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 30 }), (parts) => {
      const { correct } = choice.judge(parts.join(''), 'B', {});
      assert.ok(correct === true || correct === false);
    }),
    { numRuns: 300 },
  );
  const began = performance.now();
  for (const unit of ['#### ', '\\boxed{', 'the answer is ', '((((', '**']) choice.judge(unit.repeat(200_000), 'B', {});
  assert.ok(performance.now() - began < 2000);
});

test('a verifier has a name, number without one, and no other name is one', () => {
  assert.equal(verifierOf(undefined), number);
  assert.equal(verifierOf('choice'), choice);
  for (const name of ['./judge.mjs', 'toString', 'maths']) assert.equal(verifierOf(name), undefined);
});
