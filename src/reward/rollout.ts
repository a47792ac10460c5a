import { afterThought } from '../answer/index.js';
import { rowIds } from '../base/ragged.js';
import type { Problem } from '../data/types.js';
import { FINISH, type Finish, type RolloutColumns } from '../engine/types.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { Grader } from './grader.js';
import type { GradedCompletion } from './types.js';

/** The completions of one generation as text, with their grades: rows in order (problem, sample). */
export interface GradedRollout {
  texts: string[];
  finish: Finish[];
  graded: GradedCompletion[];
}

/** Decodes every completion of `columns` once and grades it; `problems` are the prompts in the order they were given. */
export async function gradeRollout(
  problems: readonly Problem[],
  columns: RolloutColumns,
  { tokenizer, grader }: { tokenizer: Tokenizer; grader: Grader },
): Promise<GradedRollout> {
  const texts = await Promise.all(
    Array.from({ length: columns.rows }, (_, row) => tokenizer.decode(rowIds(columns.completions, row))),
  );
  const finish = Array.from(columns.finish, (code) => FINISH[code]!);
  const thoughts = await beginsThought(problems, columns, tokenizer);
  const graded = await grader.grade(
    texts.map((completion, row) => {
      const index = columns.promptIndex[row]!;
      return { problem: problems[index]!, completion, finish: finish[row]!, thought: thoughts.get(index)! };
    }),
  );
  return { texts, finish, graded };
}

/**
 * Of each prompt, whether a thought is open at its end. What stands before the question, such as a system message, may speak of
 * the marks without setting one.
 */
async function beginsThought(
  problems: readonly Problem[],
  { prompts, promptIndex }: RolloutColumns,
  tokenizer: Tokenizer,
): Promise<Map<number, boolean>> {
  const rowOf = new Map(Array.from(promptIndex, (index, row) => [index, row]));
  const open = Array.from(rowOf, async ([index, row]): Promise<[number, boolean]> => {
    const prompt = await tokenizer.decode(rowIds(prompts, row), { special: true });
    const { question } = problems[index]!;
    const at = prompt.lastIndexOf(question);
    return [index, afterThought(at < 0 ? prompt : prompt.slice(at + question.length)) === null];
  });
  return new Map(await Promise.all(open));
}
