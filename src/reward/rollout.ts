import { afterThought } from '../answer/index.js';
import { rowIds } from '../base/ragged.js';
import type { Problem } from '../data/types.js';
import { FINISH, type Finish, type Ragged, type RolloutColumns } from '../engine/types.js';
import type { Tokenizer } from '../tokenizer/types.js';
import type { Grader } from './grader.js';
import type { GradedCompletion } from './types.js';

/** The completions of one generation as text, with their grades: rows in order (problem, sample). */
export interface GradedRollout {
  completions: Ragged;
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
  const completions = { ids: columns.completionIds, offsets: columns.completionOffsets };
  const texts = await Promise.all(
    Array.from({ length: columns.rows }, (_, row) => tokenizer.decode(rowIds(completions, row))),
  );
  const finish = Array.from(columns.finish, (code) => FINISH[code]!);
  const prompts = { ids: columns.promptIds, offsets: columns.promptOffsets };
  const open = new Map<number, boolean>();
  const graded = await grader.grade(
    texts.map((completion, row) => {
      const index = columns.promptIndex[row]!;
      const problem = problems[index]!;
      let thought = open.get(index);
      if (thought === undefined) {
        thought = beginsThought(tokenizer.decode(rowIds(prompts, row), { special: true }), problem.question);
        open.set(index, thought);
      }
      return { problem, completion, finish: finish[row]!, thought };
    }),
  );
  return { completions, texts, finish, graded };
}

/** Whether a thought is open at the end of a prompt. What stands before the question may speak of marks without being one. */
function beginsThought(prompt: string, question: string): boolean {
  const at = prompt.lastIndexOf(question);
  return afterThought(at < 0 ? prompt : prompt.slice(at + question.length)) === null;
}
