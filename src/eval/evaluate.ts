import { rowLength, toRagged } from '../base/ragged.js';
import { verifierOf } from '../answer/index.js';
import { nanStatistics } from '../base/statistics.js';
import type { Problem } from '../data/types.js';
import type { SuiteSettings } from '../config/index.js';
import { rolloutColumns } from '../engine/index.js';
import type { Engine, Finish, JobOptions, RolloutColumns } from '../engine/types.js';
import { CompletionSums, RewardSums, SumsByProblem, type ProblemCompletion } from '../metrics/index.js';
import { renderQuestion, type PromptSettings, type RenderedPrompt } from '../prompt/index.js';
import { RolloutGrading, type GradedRollout, type Grader } from '../reward/index.js';
import type { GradedCompletion } from '../reward/types.js';
import type { EvaluationRow } from '../run/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { answerByLetters } from './letters.js';
import { cutColumns, stopTokens } from './stop.js';

export interface EvaluateSettings extends Pick<
  SuiteSettings,
  'numSamples' | 'temperature' | 'maxCompletionLength' | 'seed'
> {
  suite: string;
  /** That the problems were read from. */
  file: string;
  /** Optimizer steps the model has seen; names the draws where temperature is above 0. */
  step: number;
  prompt: PromptSettings;
  /** Default 1: all. */
  topP?: number;
  /** A completion ends before the first of these texts. */
  stop?: readonly string[];
  /** Default generation. letters: of each question's options the one whose letter is the most probable next token. */
  by?: 'generation' | 'letters';
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

interface Means {
  engine: Engine;
  tokenizer: Tokenizer;
  grader: Grader;
}

/**
 * Answers every problem `numSamples` times and measures, by language: accuracy, word ratios (all and rewarded), length and
 * truncation. The same seed, step and settings give the same completions whatever the machine is doing.
 */
export async function evaluate(
  means: Means,
  problems: readonly Problem[],
  settings: EvaluateSettings,
  job: JobOptions = {},
): Promise<Evaluation> {
  const prompts = await Promise.all(
    problems.map((problem) => renderQuestion(means.tokenizer, problem, settings.prompt)),
  );
  const { columns, texts, finish, graded } =
    settings.by === 'letters'
      ? await answerByLetters(means, problems, prompts, job)
      : await answerByGeneration(means, problems, prompts, settings, job);
  const completed = graded.map((each, row) => {
    const problem = columns.promptIndex[row]!;
    const { language, verifier } = problems[problem]!;
    return {
      ...{ problem, language, answer: each.answer, correct: each.correct, strict: each.strict },
      same: verifierOf(verifier)?.same ?? sameText,
      tokens: rowLength(columns.completions, row),
      clipped: finish[row] !== 'stop',
      words: each.language.words,
      rewards: each.rewards,
      fidelity: each.language.fidelity,
    };
  });
  const languages = [...new Set(completed.map((row) => row.language))];
  const rows = languages.map((language) =>
    summarise(
      completed.filter((row) => row.language === language),
      { step: settings.step, suite: settings.suite, file: settings.file, language },
      settings.temperature,
      means.grader.names,
    ),
  );
  return { step: settings.step, rows, columns, texts, finish, graded };
}

async function answerByGeneration(
  { engine, tokenizer, grader }: Means,
  problems: readonly Problem[],
  prompts: readonly RenderedPrompt[],
  settings: EvaluateSettings,
  job: JobOptions,
): Promise<GradedRollout & { columns: RolloutColumns }> {
  const { stop = [] } = settings;
  const asked = problems.map((problem, i) => ({ problem, prompt: prompts[i]!.ids }));
  const grading = new RolloutGrading(asked, settings.numSamples, { tokenizer, grader, stop, step: settings.step });
  const batch = await engine.generate(
    {
      prompts: toRagged(prompts.map(({ ids }) => ids)),
      numGenerations: settings.numSamples,
      maxNewTokens: settings.maxCompletionLength,
      stopIds: [...new Set([...tokenizer.eosIds, ...(await stopTokens(tokenizer, stop))])],
      temperature: settings.temperature,
      ...(settings.topP !== undefined && { topP: settings.topP }),
      seed: BigInt(settings.seed),
      purpose: 'eval',
      step: settings.step,
    },
    { ...job, onCompleted: grading.add },
  );
  const columns = rolloutColumns(batch);
  const graded = await grading.rest(columns);
  return { ...graded, columns: await cutColumns(columns, graded.cut, { tokenizer, stop }) };
}

/** Of a module's verdicts nothing more is known. */
const sameText = (a: string, b: string): boolean => a.trim() === b.trim();

function summarise(
  rows: readonly (ProblemCompletion & Pick<GradedCompletion, 'rewards'> & { tokens: number })[],
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
