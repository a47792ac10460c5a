import { verifierOf } from '../answer/index.js';
import { nanStatistics } from '../base/statistics.js';
import type { Finish } from '../engine/types.js';
import type { Language } from '../language/types.js';
import { CompletionSums, RewardSums, SumsByProblem, type ProblemCompletion } from '../metrics/index.js';
import type { GradedCompletion } from '../reward/index.js';
import type { EvaluationRow } from '../run/index.js';

/** A completion of a suite, judged and measured. */
export interface EvaluatedCompletion {
  /** Numbers its problem. */
  problem: number;
  language: Language;
  /** Of its problem; undefined: `number`. */
  verifier: string | undefined;
  /** The end token included. */
  tokens: number;
  finish: Finish;
  graded: GradedCompletion;
}

/** Of all completions alike. */
export interface EvaluatedName extends Pick<EvaluationRow, 'step' | 'suite' | 'file'> {
  temperature: number;
  /** Names of the rewards that they were given. */
  rewards: readonly string[];
}

/** The figures of a suite after a step: a row for each language, in order of first appearance. */
export function figuresByLanguage(
  completions: readonly EvaluatedCompletion[],
  { temperature, rewards, ...name }: EvaluatedName,
): EvaluationRow[] {
  const rows = completions.map(completed);
  const languages = [...new Set(rows.map((row) => row.language))];
  return languages.map((language) =>
    summarise(
      rows.filter((row) => row.language === language),
      { ...name, language },
      temperature,
      rewards,
    ),
  );
}

type Completed = ProblemCompletion & Pick<GradedCompletion, 'rewards'> & { tokens: number };

function completed({ problem, language, verifier, tokens, finish, graded }: EvaluatedCompletion): Completed {
  return {
    ...{ problem, language, answer: graded.answer, correct: graded.correct, strict: graded.strict },
    same: verifierOf(verifier)?.same ?? sameText,
    tokens,
    clipped: finish !== 'stop',
    words: graded.language.words,
    rewards: graded.rewards,
    fidelity: graded.language.fidelity,
  };
}

/** Of a module's verdicts nothing more is known. */
const sameText = (a: string, b: string): boolean => a.trim() === b.trim();

function summarise(
  rows: readonly Completed[],
  name: Pick<EvaluationRow, 'step' | 'suite' | 'file' | 'language'>,
  temperature: number,
  names: readonly string[],
): EvaluationRow {
  const sums = CompletionSums.of(rows);
  const { clipped_ratio, ...figures } = sums.figures();
  const { at, intervals, ...counts } = SumsByProblem.of(rows).figures();
  return {
    ...name,
    ...figures,
    accuracy_strict: sums.accuracyStrict(),
    mean_length: nanStatistics(rows.map(({ tokens }) => tokens)).mean,
    clipped_ratio: clipped_ratio!,
    n: sums.rows,
    judged: sums.judged,
    ...counts,
    temperature,
    ...at,
    intervals,
    ...(names.length > 0 && { rewards: RewardSums.of(names, rows).figures() }),
  };
}
