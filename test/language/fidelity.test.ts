import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { answerPlace, judgeAnswer, VERIFIERS } from '../../src/answer/index.js';
import { measureLanguage, type Language } from '../../src/language/index.js';
import type { Fidelity } from '../../src/language/types.js';

const QUESTION =
  '이반에게 사과가 9개 있습니다. 1개를 더 찾았습니다. 아담에게 4개를 주었습니다. 지금 사과는 몇 개입니까?';

/** What grading measures of a completion that was cut off or not, plain ratio first. */
function measured(
  completion: string,
  {
    target = 'ko',
    question = QUESTION,
    finish = 'stop',
  }: { target?: Language; question?: string; finish?: 'stop' | 'length' } = {},
): Fidelity & { plain: number | null } {
  const { answer } = judgeAnswer(completion, '6', { finish });
  const { targetWr, fidelity } = measureLanguage(completion, target, {
    end: answerPlace(completion, answer),
    question,
  });
  return { plain: targetWr, ...fidelity };
}

const ENGLISH = 'He finds 1, so 9+1=10. He gives 4, so 10-4=6.';
const KOREAN = '1개를 찾으면 9+1=10개가 됩니다. 4개를 주면 10-4=6개가 남습니다.';

describe('where the final answer begins', () => {
  const place = (completion: string, verifier: keyof typeof VERIFIERS = 'number', thought = false) => {
    const { answer } = VERIFIERS[verifier].judge(completion, '6', { thought });
    return completion.slice(0, answerPlace(completion, answer, thought));
  };

  it('is its mark, or what stands behind "the answer is", the first time it is given', () => {
    assert.equal(place('9-3=6.\n#### 6'), '9-3=6.\n');
    assert.equal(place('그래서 \\boxed{6}.'), '그래서 ');
    assert.equal(place('9-3=6. 답은 6개입니다.\n#### 6'), '9-3=6. 답은');
    assert.equal(place('a #### 6\n#### 6마리입니다\n#### 6송이 11송이'), 'a ');
    assert.equal(place('\\boxed{x + 1} b \\boxed{y} c \\boxed{y}', 'mathematics'), '\\boxed{x + 1} b ');
    assert.equal(place('because #### B', 'choice'), 'because ');
  });

  it('is not in a list of guesses, where another answer follows', () => {
    for (const guesses of [
      '#### 5\n#### 6\n#### 7\n',
      '답은 5, 답은 6, 답은 7. ',
      '\\boxed{6} \\boxed{7} ',
      '#### 6\n답은 7. ',
    ])
      assert.equal(place(`${guesses}so 9-3 is it\n#### 6`), `${guesses}so 9-3 is it\n`);
    assert.equal(place('so 9-3 #### 6\n답은 7 답은 8'), 'so 9-3 ');
    const { targetWr } = measured(`생각해 봅시다.\n#### 5\n#### 6\n#### 7\n${ENGLISH}\n#### 6`);
    assert.ok(targetWr! < 0.3, String(targetWr));
  });

  it('is not where another answer stood before, nor a mark in a thought', () => {
    assert.equal(place('#### 5\nwait, #### 6'), '#### 5\nwait, ');
    assert.equal(place('<think>#### 6 or 5</think> then\n#### 6'), '<think>#### 6 or 5</think> then\n');
    assert.equal(place('a thought #### 6 goes on', 'number', true), 'a thought #### 6 goes on');
  });

  it('is the last place of an answer that nothing marks, and the end where there is none', () => {
    assert.equal(place('6 and 3 make 9, 9-3 gives 6 eggs'), '6 and 3 make 9, 9-3 gives ');
    assert.equal(place('no number at all'), 'no number at all');
    assert.equal(place(''), '');
  });

  it('is found where the verifier does not tell, by the last mark', () => {
    const text = 'first #### 6\nthen #### 6';
    assert.equal(text.slice(0, answerPlace(text, null)), 'first ');
  });

  it('is found in bounded time', () => {
    const started = performance.now();
    for (const unit of ['####', '#### 6\n', '답은 ', '\\boxed{', '<think>', '6 '])
      answerPlace(unit.repeat(Math.ceil(200_000 / unit.length)), '7');
    assert.ok(performance.now() - started < 2000);
  });
});

describe('honest reasoning', () => {
  it('is worth what the plain ratio says', () => {
    assert.equal(measured(`${KOREAN}\n#### 6`).targetWr, 1);
    assert.equal(measured(`${KOREAN} 답은 6개입니다.\n#### 6`).targetWr, 1);
    assert.equal(measured(`${ENGLISH}\n#### 6`).targetWr, 0);
    assert.equal(measured(`<think>${KOREAN}</think>\n#### 6`).targetWr, 1);
    assert.equal(measured(`<think>${ENGLISH}</think> 답은 6개입니다.`).targetWr! < 0.2, true);
    assert.equal(measured(KOREAN, { finish: 'length' }).targetWr, 1);
  });

  it('has no value without words, or where all of them are the question', () => {
    assert.equal(measured('9+1-4=6\n#### 6').targetWr, null);
    assert.equal(measured(QUESTION, { finish: 'length' }).targetWr, null);
  });

  it('counts in every language', () => {
    assert.equal(measured('彼は三つ持っています。答えは6です。', { target: 'ja', question: '' }).targetWr, 1);
    assert.equal(measured('他有三个苹果，一共六个。\n#### 6', { target: 'zh', question: '' }).targetWr, 1);
  });
});

/** English reasoning made to look Korean. The plain ratio is taken in; what sees the trick, and what it is paid. */
describe('tricks', () => {
  it('one word after the answer to the end of the budget', () => {
    const { plain, targetWr, afterAnswer, repeated } = measured(`${ENGLISH}\n#### 6${' 마리입니다'.repeat(40)}`, {
      finish: 'length',
    });
    assert.ok(plain! > 0.8);
    assert.equal(targetWr, 0);
    assert.equal(afterAnswer, 40);
    assert.ok(repeated >= 39);
  });

  it('the answer said again and again', () => {
    const { plain, targetWr, afterAnswer } = measured(
      `${ENGLISH} The answer is 6마리입니다.\n${'#### 6마리입니다.\n'.repeat(10)}#### 6마리입니다 11송이입니다`,
      { finish: 'length' },
    );
    assert.ok(plain! > 0.4);
    assert.equal(targetWr, 0);
    assert.equal(afterAnswer, 13);
  });

  it('one word, or a sentence, again and again before the answer', () => {
    for (const padding of ['값 '.repeat(40), '그래서 이제 다시 세어 봅니다. '.repeat(12)]) {
      const { plain, targetWr, repeated } = measured(`${ENGLISH} ${padding}\n#### 6`);
      assert.ok(plain! > 0.8);
      assert.ok(targetWr! < 0.5, String(targetWr));
      assert.ok(repeated > 35);
    }
  });

  it('a list of distinct words beside English that repeats itself', () => {
    const steps = Array.from({ length: 8 }, (_, i) => `He gives ${i}, so ${20 - i}-${i}=6.`).join(' ');
    const { plain, targetWr } = measured(`${steps} 나무 하늘 바다 구름 노래 강물 바람 돌담\n#### 6`);
    assert.equal(plain, 0.25);
    assert.equal(targetWr, 0.25);
  });

  it('the question copied, before the reasoning or behind it', () => {
    for (const text of [`${QUESTION} ${ENGLISH}`, `${ENGLISH} ${QUESTION}`]) {
      const { plain, targetWr, copied } = measured(`${text}\n#### 6`);
      assert.ok(plain! > 0.5);
      assert.equal(targetWr, 0);
      assert.equal(copied, 14);
    }
  });

  it('Korean endings glued to English words', () => {
    const { plain, targetWr } = measured('He를 finds는 one에서 more을, so는 ten이. He가 gives를 four에.\n#### 6');
    assert.ok(plain! >= 0.5);
    assert.equal(targetWr, 0);
  });

  it('one long word is one word', () => {
    const { plain, targetWr } = measured(`${ENGLISH} ${'사과'.repeat(60)}\n#### 6`);
    assert.ok(plain! < 0.2 && targetWr! < 0.2);
  });

  it('English in formulas: no ratio counts it, the words in markup do', () => {
    const { plain, targetWr, hidden } = measured(
      '$9 \\text{ he finds } + 1 \\text{ has now } = 10$ $10 \\text{ he gives } - 4 \\text{ so left } = 6$ 그래서 남은 것은\n#### 6',
    );
    assert.equal(plain, 1);
    assert.equal(targetWr, 1);
    assert.ok(hidden >= 6);
  });

  it('Hangul in formulas is no word of the ratio', () => {
    const { plain, targetWr } = measured(`${ENGLISH} $\\text{사과} = 6$ $\\text{물고기} = 6$\n#### 6`);
    assert.equal(plain, 0);
    assert.equal(targetWr, 0);
  });

  it('not seen: numbers spelled out, a greeting, a list of distinct words; the ratio is diluted and so is the pay', () => {
    const spelled = measured('He finds 하나, so 아홉 and 하나 make 열. He gives 넷, so 여섯.\n#### 6');
    const greeted = measured(`안녕하세요! 도와드리겠습니다. ${ENGLISH}\n#### 6`);
    const listed = measured(`${ENGLISH} 나무 하늘 바다 구름 노래 강물 바람 돌담\n#### 6`);
    for (const { plain, targetWr } of [spelled, greeted, listed]) {
      assert.ok(targetWr! > 0.1 && targetWr! < 0.6);
      assert.ok(Math.abs(plain! - targetWr!) < 0.05);
    }
  });
});
