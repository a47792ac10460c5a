import type { Problem } from '../data/types.js';
import type { Engine, Finish, JobOptions, RolloutColumns } from '../engine/types.js';
import { completionMetrics, languageMetrics } from '../grpo/index.js';
import { renderPrompt } from '../prompt/index.js';
import type { PromptSettings } from '../prompt/types.js';
import { gradeRollout, type Grader } from '../reward/index.js';
import type { GradedCompletion } from '../reward/types.js';
import type { EvaluationRow } from '../run/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { rowLength, toRagged } from '../base/ragged.js';

export interface EvaluateSettings {
  suite: string;
  /** That the problems were read from. */
  file: string;
  /** Optimizer steps the model has seen; names the draws where temperature is above 0. */
  step: number;
  seed: number;
  prompt: PromptSettings;
  numSamples: number;
  /** 0: greedy. */
  temperature: number;
  topP?: number;
  maxCompletionLength: number;
}

export interface Evaluation {
  /** Optimizer steps that the model has seen. */
  step: number;
  /** One row a language, in order of first appearance. */
  rows: EvaluationRow[];
  /** The completions it rests on, rows in order (problem, sample). */
  columns: RolloutColumns;
  texts: string[];
  finish: Finish[];
  graded: GradedCompletion[];
}

/**
 * Answers every problem `numSamples` times and measures, by language: accuracy, word ratios (all and rewarded), length and
 * truncation. The same seed, step and settings give the same completions whatever the machine is doing.
 */
export async function evaluate(
  { engine, tokenizer, grader }: { engine: Engine; tokenizer: Tokenizer; grader: Grader },
  problems: readonly Problem[],
  settings: EvaluateSettings,
  job: JobOptions = {},
): Promise<Evaluation> {
  const prompts = await Promise.all(
    problems.map(({ question, language }) => renderPrompt(tokenizer, question, language, settings.prompt)),
  );
  const columns = await engine.generate(
    {
      prompts: toRagged(prompts.map(({ ids }) => ids)),
      numGenerations: settings.numSamples,
      maxNewTokens: settings.maxCompletionLength,
      stopIds: tokenizer.eosIds,
      temperature: settings.temperature,
      ...(settings.topP !== undefined && { topP: settings.topP }),
      seed: BigInt(settings.seed),
      purpose: 'eval',
      step: settings.step,
    },
    job,
  );
  const { completions, texts, finish, graded } = await gradeRollout(problems, columns, { tokenizer, grader });
  const completed = graded.map((each, row) => ({
    language: problems[columns.promptIndex[row]!]!.language,
    tokens: rowLength(completions, row),
    terminated: finish[row] === 'stop',
    correct: each.correct,
    measure: each.language,
  }));
  const languages = [...new Set(completed.map((row) => row.language))];
  const rows = languages.map((language) =>
    summarise(
      completed.filter((row) => row.language === language),
      { step: settings.step, suite: settings.suite, file: settings.file, language },
    ),
  );
  return { step: settings.step, rows, columns, texts, finish, graded };
}

type Completed = Parameters<typeof languageMetrics>[0][number] & Parameters<typeof completionMetrics>[0][number];

function summarise(
  rows: readonly Completed[],
  name: Pick<EvaluationRow, 'step' | 'suite' | 'file' | 'language'>,
): EvaluationRow {
  const language = languageMetrics(rows);
  const lengths = completionMetrics(rows);
  const judged = rows.filter((row) => row.correct !== null);
  return {
    ...name,
    accuracy: judged.length === 0 ? null : judged.filter((row) => row.correct).length / judged.length,
    target_wr: language['language/target_wr'] ?? null,
    target_wr_rewarded: language['language/rewarded/target_wr'] ?? null,
    en_wr: language['language/en_wr'] ?? null,
    other_wr: language['language/other_wr'] ?? null,
    mean_length: lengths['completions/mean_length'] ?? 0,
    clipped_ratio: lengths['completions/clipped_ratio'] ?? 0,
    n: rows.length,
    judged: judged.length,
  };
}
