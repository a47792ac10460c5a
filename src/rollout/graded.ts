import type { Problem } from '../data/types.js';
import type { RolloutColumns } from '../engine/types.js';
import { COUNTED_LANGUAGES } from '../language/types.js';
import type { GradedCompletion } from '../reward/types.js';
import type { RolloutAdditions } from './add_columns.js';
import { fidelityColumns } from './fidelity_columns.js';

export interface GradedRows {
  /** By `prompt_index`. */
  problems: readonly Problem[];
  columns: Pick<RolloutColumns, 'promptIndex'>;
  texts: readonly string[];
  graded: readonly GradedCompletion[];
  /** Held-out suite; null of training problems. */
  suite: string | null;
  /** The file that a problem was read from. */
  fileOf: (problem: Problem) => string;
}

/** The columns that say which problem a completion answers, what it says, whether that is right, and in which languages. */
export function gradedColumns({ problems, columns, texts, graded, suite, fileOf }: GradedRows): RolloutAdditions {
  const problemOf = Array.from(columns.promptIndex, (index) => problems[index]!);
  return {
    id: problemOf.map((problem) => problem.id),
    suite: problemOf.map(() => suite),
    file: problemOf.map(fileOf),
    language: problemOf.map((problem) => problem.language),
    question: problemOf.map((problem) => problem.question),
    gold: problemOf.map((problem) => problem.answer),
    verifier: problemOf.map((problem) => problem.verifier ?? 'number'),
    completion: texts,
    answer: graded.map((row) => row.answer),
    correct: graded.map((row) => row.correct),
    words: Object.fromEntries(
      COUNTED_LANGUAGES.map((language) => [language, Int32Array.from(graded, (row) => row.language.words[language])]),
    ),
    first_switch: graded.map((row) => row.language.firstSwitch),
    switches: Int32Array.from(graded, (row) => row.language.switches),
    line_pass: graded.map((row) => row.language.linePass),
    word_pass: graded.map((row) => row.language.wordPass),
    ...fidelityColumns(graded.map((row) => row.language.fidelity)),
  };
}
