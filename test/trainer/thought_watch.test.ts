import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../src/data/index.js';
import { createGrader, type UngradedCompletion } from '../../src/reward/index.js';
import type { Collected } from '../../src/trainer/collect.js';
import { ThoughtWatch } from '../../src/trainer/thought_watch.js';

const problem: Problem = { id: 'a', question: '3 + 4?', answer: '7', language: 'en', row: {} };
const TAGS = { open: true, tags: ['<생각>', '</생각>'] } as const;

/** A generation of these completions, graded as a run grades them. */
async function generation(
  texts: readonly string[],
  thought: UngradedCompletion['thought'],
  finish: UngradedCompletion['finish'] = 'stop',
): Promise<Pick<Collected, 'graded' | 'finish'>> {
  const grader = await createGrader([{ name: 'accuracy', weight: 1 }], { threads: 0 });
  const graded = await grader.grade(texts.map((completion) => ({ problem, completion, finish, thought })));
  await grader.close();
  return { graded, finish: texts.map(() => finish) };
}

test('that no completion ends the thought of its prompt is told, once', async () => {
  const watch = new ThoughtWatch();
  const open = await generation(['Seven.', 'The answer is 7.'], true);
  assert.match(watch.look(open, 1)!, /^step 1: .*not one of 2 completions ends it.*prompt\.think_prefix/);
  assert.doesNotMatch(new ThoughtWatch().look(open, 1)!, /cut off/);
  assert.equal(watch.look(open, 2), undefined);
});

test('with the budget as the reason, where completions were cut off', async () => {
  const cut = await generation(['Seven', 'Well'], TAGS, 'length');
  assert.match(new ThoughtWatch().look(cut, 3)!, /^step 3: .*2 of them were cut off.*grpo\.max_completion_length/);
});

test('not where one ends it, where no thought was begun, or where there is nothing', async () => {
  for (const [texts, thought] of [
    [['Seven.', 'Well.</think> 7'], true],
    [['Seven.', '음.</생각> 7'], TAGS],
    [['Seven.', '7'], false],
    [['Seven.', '7'], undefined],
  ] as const)
    assert.equal(new ThoughtWatch().look(await generation(texts, thought), 1), undefined, JSON.stringify(texts));
  assert.equal(new ThoughtWatch().look({ graded: [], finish: [] }, 1), undefined);
});
