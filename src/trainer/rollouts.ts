import type { Problem } from '../data/types.js';
import type { RolloutColumns } from '../engine/types.js';
import type { Evaluation } from '../eval/index.js';
import { LANGUAGES } from '../language/types.js';
import type { GradedCompletion } from '../reward/types.js';
import { wrapRollout, writeRolloutFile, type RolloutAdditions } from '../rollout/index.js';
import type { Collected } from './collect.js';

/** Writes a generation with what was found out about it: rollouts/NNNNNN.arrow. */
export function writeGeneration(path: string, batch: Collected, rewardNames: readonly string[]): Promise<void> {
  const { columns, advantages } = batch;
  const rewards = Object.fromEntries(
    rewardNames.map((name, k) => [name, batch.graded.map((row) => row.rewards[k] ?? null)]),
  );
  return writeRolloutFile(
    path,
    wrapRollout(columns, {
      reward: advantages.rewards,
      advantage: advantages.advantages,
      rewards,
      ...additions(batch.problems, columns, batch.texts, batch.graded),
    }),
  );
}

/** Writes the completions of an evaluation: eval/NNNNNN-<suite>.arrow. */
export function writeEvaluationRows(path: string, problems: readonly Problem[], evaluation: Evaluation): Promise<void> {
  const { columns, texts, graded } = evaluation;
  return writeRolloutFile(path, wrapRollout(columns, additions(problems, columns, texts, graded)));
}

function additions(
  problems: readonly Problem[],
  columns: RolloutColumns,
  texts: readonly string[],
  graded: readonly GradedCompletion[],
): RolloutAdditions {
  const problemOf = Array.from(columns.promptIndex, (index) => problems[index]!);
  return {
    words: Object.fromEntries(
      LANGUAGES.map((language) => [language, Int32Array.from(graded, (row) => row.language.words[language])]),
    ),
    text: texts,
    question: problemOf.map((problem) => problem.question),
    answer: problemOf.map((problem) => problem.answer),
    language: problemOf.map((problem) => problem.language),
    correct: graded.map((row) => row.correct),
  };
}
