import { rowLength, toRagged } from '../base/ragged.js';
import type { Problem } from '../data/types.js';
import type { SuiteSettings } from '../config/index.js';
import type { DecodingLaw } from '../decoding/index.js';
import { rolloutColumns } from '../engine/index.js';
import type { Engine, Finish, JobOptions, RolloutColumns } from '../engine/types.js';
import { renderQuestion, thinkTags, type PromptSettings, type RenderedPrompt } from '../prompt/index.js';
import { RolloutGrading, type GradedRollout, type Grader } from '../reward/index.js';
import type { GradedCompletion } from '../reward/types.js';
import type { EvaluationRow } from '../run/index.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { figuresByLanguage } from './figures.js';
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
  /** Default: the model's own distribution. */
  decoding?: DecodingLaw | undefined;
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
  const completions = graded.map((each, row) => {
    const problem = columns.promptIndex[row]!;
    const { language, verifier } = problems[problem]!;
    const tokens = rowLength(columns.completions, row);
    return { problem, language, verifier, tokens, finish: finish[row]!, graded: each };
  });
  const { step, suite, file, temperature } = settings;
  const rows = figuresByLanguage(completions, { step, suite, file, temperature, rewards: means.grader.names });
  return { step, rows, columns, texts, finish, graded };
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
  const grading = new RolloutGrading(asked, settings.numSamples, {
    ...{ tokenizer, grader, stop, step: settings.step },
    thinkTags: ({ language }) => thinkTags(settings.prompt, language),
  });
  const batch = await engine.generate(
    {
      prompts: toRagged(prompts.map(({ ids }) => ids)),
      numGenerations: settings.numSamples,
      maxNewTokens: settings.maxCompletionLength,
      stopIds: [...new Set([...tokenizer.eosIds, ...(await stopTokens(tokenizer, stop))])],
      temperature: settings.temperature,
      ...(settings.topP !== undefined && { topP: settings.topP }),
      ...(settings.decoding && {
        logitBias: settings.decoding.logitBias,
        biasOf: settings.decoding.biasOf(problems.map(({ language }) => language)),
      }),
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
