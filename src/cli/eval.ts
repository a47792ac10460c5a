import { basename } from 'node:path';
import { loadDataSet } from '../data/index.js';
import type { Problem } from '../data/types.js';
import { GlossaError } from '../base/error.js';
import { evaluate } from '../eval/index.js';
import { resolveData } from '../hub/index.js';
import { createGrader } from '../reward/index.js';
import type { EvaluationRow } from '../run/index.js';
import { checkBudget, writeEvaluationRows } from '../trainer/index.js';
import { answerOption, dtypeOption, languageOption, numberOption } from './arguments.js';
import { Display } from './display.js';
import { bar, figure, percent, textTable } from './format.js';
import { openNamed } from './model.js';
import { promptSettings, type PromptOptions } from './prompt.js';

export interface EvalCommandOptions extends Omit<PromptOptions, 'style'> {
  model?: string;
  randomInit?: string;
  tokenizer?: string;
  data: string[];
  language?: string;
  limit?: string;
  samples: string;
  temperature: string;
  maxTokens?: string;
  prompt?: string;
  answer?: string;
  seed: string;
  dtype: string;
  threads: string;
  out?: string;
  json?: boolean;
}

const DEFAULT_BUDGET = 512;

export async function evalCommand(given: string | undefined, options: EvalCommandOptions): Promise<void> {
  const whole = { min: 1, whole: true };
  const settings = {
    samples: numberOption('samples', options.samples, whole),
    temperature: numberOption('temperature', options.temperature, { min: 0 }),
    seed: numberOption('seed', options.seed, { min: 0, whole: true }),
  };
  const display = new Display(process.stderr.isTTY ? 'live' : 'plain');
  if (given !== undefined && options.model !== undefined)
    throw new GlossaError('USAGE', `two models, ${given} and ${options.model}: name one`);
  const model = await openNamed(
    { ...options, model: given ?? options.model, seed: settings.seed },
    { dtype: dtypeOption(options.dtype), threads: numberOption('threads', options.threads, { min: 0, whole: true }) },
    (message) => {
      display.warning(message);
    },
  );
  const grader = await createGrader([{ name: 'accuracy', weight: 1 }], {
    answer: answerOption(options.answer ?? model.config?.answer),
  });
  try {
    const budget =
      options.maxTokens === undefined
        ? (model.config?.eval.max_completion_length ?? Math.min(DEFAULT_BUDGET, model.engine.info().context >> 1))
        : numberOption('max-tokens', options.maxTokens, whole);
    const prompt = await promptSettings({ ...options, style: options.prompt }, model);
    const problems = await readProblems(options, whole);
    checkBudget(
      problems,
      budget,
      { context: model.engine.info().context, tokenizer: model.tokenizer, prompt },
      '--max-tokens',
    );
    const began = performance.now();
    const evaluation = await evaluate(
      { ...model, grader },
      problems,
      {
        suite: options.data.map((path) => basename(path)).join(' '),
        step: model.step,
        seed: settings.seed,
        prompt,
        numSamples: settings.samples,
        temperature: settings.temperature,
        maxCompletionLength: budget,
      },
      {
        onProgress: ({ done, total, tokens }) => {
          display.live([
            `${bar(done / total, 24)} ${String(done)}/${String(total)}  ${figure((tokens / (performance.now() - began)) * 1e3)} tokens/s`,
          ]);
        },
      },
    );
    const seconds = (performance.now() - began) / 1e3;
    display.end();
    if (options.out !== undefined) await writeEvaluationRows(options.out, problems, evaluation);
    const total = { completions: evaluation.columns.rows, tokens: evaluation.columns.completionIds.length, seconds };
    if (options.json)
      process.stdout.write(
        `${JSON.stringify({ model: model.dir, step: model.step, data: options.data, max_tokens: budget, temperature: settings.temperature, samples: settings.samples, seed: settings.seed, ...total, results: evaluation.rows.map(withoutName) })}\n`,
      );
    else
      process.stdout.write(
        `${table(evaluation.rows)}\n${String(total.completions)} completions, ${String(total.tokens)} tokens in ${seconds.toFixed(1)} s\n`,
      );
  } finally {
    await grader.close();
    await model.engine.dispose();
  }
}

async function readProblems(options: EvalCommandOptions, whole: object): Promise<Problem[]> {
  const sets = await Promise.all(
    options.data.map(async (path) =>
      loadDataSet({
        path: await resolveData(path),
        ...(options.language !== undefined && { language: languageOption('language', options.language) }),
        ...(options.limit !== undefined && { limit: numberOption('limit', options.limit, whole) }),
      }),
    ),
  );
  return sets.flatMap((set) => set.problems);
}

function withoutName({ suite: _suite, step: _step, ...row }: EvaluationRow): Omit<EvaluationRow, 'suite' | 'step'> {
  return row;
}

function table(rows: readonly EvaluationRow[]): string {
  return textTable([
    ['language', 'accuracy', 'target words', 'of rewarded', 'English', 'length', 'cut off', 'n'],
    ...rows.map((row) => [
      row.language,
      percent(row.accuracy),
      percent(row.target_wr),
      percent(row.target_wr_rewarded),
      percent(row.en_wr),
      figure(row.mean_length),
      percent(row.clipped_ratio),
      String(row.n),
    ]),
  ]);
}
