import type { Problem } from '../../src/data/types.js';
import type { GradedGeneration } from '../../src/levers/index.js';
import { createGrader } from '../../src/reward/index.js';

export const KOREAN = '사과 두 개에 세 개를 더하면 모두 다섯 개가 됩니다.\n#### 5';
export const WRONG_KOREAN = '사과 두 개에 세 개를 더하면 모두 여섯 개가 됩니다.\n#### 6';
export const ENGLISH = 'Two apples and three more apples are five apples in all.\n#### 5';
/** A Korean answer with a stretch of English in it. */
export const MIXED = '사과 두 개에 세 개를 더하면 now we have five apples 모두 다섯 개가 됩니다.\n#### 5';
/** One English word is no segment of three. */
export const BORROWED = '사과 두 개에 apple 세 개를 더하면 모두 다섯 개가 됩니다.\n#### 5';

export const problem = (id: string, language: Problem['language'] = 'ko'): Problem => ({
  ...{ id, language, question: '2 + 3 = ?', answer: '5' },
});

/** Completions of problems, `samples` each, judged and measured as the trainer does it. */
export async function generationOf(
  texts: readonly string[],
  { problems = [problem('p')], step = 0, rewards = ['accuracy', 'language'] } = {},
): Promise<GradedGeneration> {
  const grader = await createGrader(
    rewards.map((name) => ({ name, weight: 1 })),
    { threads: 0 },
  );
  const samples = texts.length / problems.length;
  const promptIndex = Int32Array.from(texts, (_, row) => Math.floor(row / samples));
  const graded = await grader.grade(
    texts.map((completion, row) => ({ problem: problems[promptIndex[row]!]!, completion, finish: 'stop' as const })),
  );
  await grader.close();
  return {
    ...{ step, problems, texts, graded, columns: { promptIndex } as GradedGeneration['columns'] },
    finish: texts.map(() => 'stop' as const),
    rewards: { names: grader.names, weights: grader.weights, rows: graded.map((row) => row.rewards) },
    lossMask: new Uint8Array(texts.length).fill(1),
  };
}
