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
  const graded = await grader.grade(
    texts.map((completion, row) => ({
      problem: problems[columns.promptIndex[row]!]!,
      completion,
      finish: finish[row]!,
    })),
  );
  return { completions, texts, finish, graded };
}
