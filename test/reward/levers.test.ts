import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { afterThought, answerPlace, type Thought } from '../../src/answer/index.js';
import { measureLanguage } from '../../src/language/index.js';
import { LANGUAGES } from '../../src/language/types.js';
import { renderPrompt, thinkTags, type PromptSettings } from '../../src/prompt/index.js';
import { createGrader, formatReward, RolloutGrading, type UngradedCompletion } from '../../src/reward/index.js';
import type { RewardSettings } from '../../src/reward/types.js';
import { KOREAN, ENGLISH, problem } from '../levers/generation.js';
import { codes, letters } from '../prompt/letters.js';

async function rewardOf(reward: RewardSettings, inputs: readonly Partial<UngradedCompletion>[]) {
  const grader = await createGrader([reward], { threads: 0 });
  const graded = await grader.grade(
    inputs.map((input) => ({ problem: problem('p'), completion: '', finish: 'stop' as const, ...input })),
  );
  await grader.close();
  return graded.map(({ rewards }) => rewards[0]);
}

describe('language_threshold', () => {
  // 4 words, 3 of them Korean.
  const three = { completion: '사과는 모두 apples 있습니다\n#### 5' };
  it('pays 1 from its threshold on, else 0, and does not judge what has no words', async () => {
    const at = (threshold?: number) =>
      rewardOf({ name: 'language_threshold', weight: 1, threshold }, [{ completion: KOREAN }, three, { completion: ENGLISH }, { completion: '#### 5' }]); // prettier-ignore
    assert.deepEqual(await at(), [1, 0, 0, null]);
    assert.deepEqual(await at(0.75), [1, 1, 0, null]);
    assert.deepEqual(await at(0.76), [1, 0, 0, null]);
    assert.deepEqual(await at(0), [1, 1, 1, null]);
  });
});

describe('language_summary', () => {
  const pay = (completion: string, thought?: Thought) =>
    rewardOf({ name: 'language_summary', weight: 1 }, [{ completion, thought }]).then(([value]) => value);
  const EXPLAINED = '두 개와 세 개는 모두 다섯 개입니다.\n#### 5';

  it('is paid on what follows the thought, in whatever language that was', async () => {
    assert.equal(await pay(`<think>Two and three more make five.</think>${EXPLAINED}`), 1);
    assert.equal(await pay(`Two and three more make five.</think>${EXPLAINED}`, true), 1);
    assert.equal(await pay(`<think>두 개와 세 개는 모두 다섯 개입니다.</think>${ENGLISH}`), 0);
    assert.equal(await pay(EXPLAINED), 1);
  });

  it('pays nothing for a thought without an end, for no explanation, or for one behind the answer', async () => {
    assert.equal(await pay('<think>두 개와 세 개는 모두 다섯 개입니다.'), 0);
    assert.equal(await pay('<think>Two and three.</think>\n#### 5'), 0);
    assert.equal(await pay('<think>Two and three.</think>모두 다섯\n#### 5'), 0);
    assert.equal(await pay('<think>Two and three.</think>#### 5\n두 개와 세 개는 모두 다섯 개입니다.'), 0);
  });

  it('pays for a repetition once', async () => {
    const padded = `<think>x</think>We add two and three here. ${'모두 다섯 개다 '.repeat(20)}\n#### 5`;
    assert.ok(Number(await pay(padded)) < 0.5, String(await pay(padded)));
  });
});

describe('think tags of the language', () => {
  const KO = thinkTags({ think_tags: 'auto' }, 'ko')!;

  it('are a word of it, and no word of what is measured', () => {
    assert.deepEqual(KO, ['<생각>', '</생각>']);
    assert.deepEqual(thinkTags({ think_tags: ['[[', ']]'] }, 'ko'), ['[[', ']]']);
    assert.equal(thinkTags({}, 'ko'), undefined);
    for (const language of LANGUAGES) {
      const [open, close] = thinkTags({ think_tags: 'auto' }, language)!;
      assert.equal(measureLanguage(`${open} ${close}`, language).total, 0, open);
    }
  });

  it('split the thought from what is said', () => {
    const thought = { open: false, tags: KO };
    assert.equal(afterThought('<생각>가</생각>나', thought), '나');
    assert.equal(afterThought('<생각>가', thought), null);
    assert.equal(afterThought('가</생각>나', { open: true, tags: KO }), '나');
    assert.equal(afterThought('가', { open: true, tags: KO }), null);
    assert.equal(afterThought('가', thought), '가');
    // Without them the words are text like any other; and marks that all know still count.
    assert.equal(afterThought('<생각>가</생각>나'), '<생각>가</생각>나');
    assert.equal(afterThought('<think>가</think>나', thought), '나');
    const text = '<생각>답은 #### 4</생각>\n다섯\n#### 5';
    assert.equal(answerPlace(text, '5', thought), text.lastIndexOf('####'));
  });

  it('are what the format reward asks for, once, before the answer', () => {
    const format = (text: string, open = false) => formatReward(text, 'stop', { open, tags: KO });
    assert.equal(format('<생각>가</생각>\n#### 5'), 1);
    assert.equal(format('가</생각>\n#### 5', true), 1);
    assert.equal(format('\n#### 5'), 0);
    assert.equal(format('<생각>가\n#### 5'), 0);
    assert.equal(format('<생각>가</생각>나</생각>\n#### 5'), 0);
    assert.equal(format('<생각>가</생각><생각>나</생각>\n#### 5'), 0);
    assert.equal(format('<생각>가\n#### 5</생각>'), 0);
    assert.equal(format('<think>가</think>\n#### 5'), 0);
    assert.equal(formatReward('\n#### 5', 'stop'), 1);
  });

  it('are opened by the prompt, in the place of a tag that the template opens', async () => {
    const render = async (template: string, settings: Partial<PromptSettings>) =>
      (await renderPrompt(letters(template), 'Q', 'ko', { style: 'chat', think_tags: 'auto', ...settings })).text;
    assert.equal(await render('{{ messages[0].content }}', {}), 'Q<생각>\n');
    assert.equal(await render("{{ messages[0].content + '<think>\n' }}", {}), 'Q<생각>\n');
    assert.equal(await render('{{ messages[0].content }}', { think_prefix: '음' }), 'Q<생각>\n음');
    assert.equal(await render('{{ messages[0].content }}', { think_tags: ['[[', ']]'] }), 'Q[[\n');
    assert.equal(await render('{{ messages[0].content }}', { style: 'plain' }), 'Q\n');
  });

  it('are known to the grading of a generation, by the prompt that opens them', async () => {
    const grader = await createGrader([{ name: 'accuracy', weight: 1 }, { name: 'language_summary', weight: 1 }], { threads: 0 }); // prettier-ignore
    const texts = ['넷 #### 4</생각>두 개와 세 개는 모두 다섯 개다\n#### 5', '다섯 #### 5'];
    const tokenizer = letters('{{ messages[0].content }}');
    const { ids } = await renderPrompt(tokenizer, '2 + 3 = ?', 'ko', { style: 'chat', think_tags: 'auto' });
    const grading = new RolloutGrading([{ problem: problem('p'), prompt: ids }], 2, {
      ...{ tokenizer, grader },
      thinkTags: ({ language }) => thinkTags({ think_tags: 'auto' }, language),
    });
    const lists = texts.map((text) => codes(text));
    const { graded } = await grading.rest({
      rows: 2,
      completions: {
        ids: Int32Array.from(lists.flat()),
        offsets: Int32Array.of(0, lists[0]!.length, lists.flat().length),
      },
      finish: Int8Array.of(0, 0),
    } as Parameters<RolloutGrading['rest']>[0]);
    await grader.close();
    assert.deepEqual(
      graded.map(({ rewards, correct }) => [correct, rewards[1]]),
      [
        [true, 1],
        [false, 0], // never out of its thought
      ],
    );
  });
});
