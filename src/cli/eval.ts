import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { evaluate, evaluationRows, type Evaluation, type EvaluateSettings } from '../eval/index.js';
import { createGrader, gradingErrors } from '../reward/index.js';
import { jsonLinesFile, parquetFile } from '../rollout/index.js';
import type { EvaluationRow } from '../run/index.js';
import { checkBudget } from '../inputs/index.js';
import {
  answerOption,
  dtypeOption,
  languageOption,
  numberOption,
  samplingOptions,
  verifierOption,
} from './arguments.js';
import { Display } from './display.js';
import { givenSuites, runSuites, type Suite } from './eval_suites.js';
import { evaluationTable } from './eval_table.js';
import { bar, count, figure } from './format.js';
import { onInterrupt } from './interrupt.js';
import { openNamed, type NamedModel } from './model.js';
import { tableOutput } from './output.js';
import { promptAdvice, promptSettings, type PromptOptions } from './prompt.js';

export interface EvalCommandOptions extends PromptOptions {
  model?: string;
  randomInit?: string;
  tokenizer?: string;
  data: string[];
  language?: string;
  limit?: string;
  samples?: string;
  temperature?: string;
  maxTokens?: string;
  answer?: string;
  verifier?: string;
  seed?: string;
  dtype: string;
  threads: string;
  device?: string;
  out?: string;
  json?: boolean;
}

type Settings = Omit<EvaluateSettings, 'suite' | 'file'>;

/** A suite that was evaluated to its end. */
interface Finished {
  suite: Suite;
  evaluation: Evaluation;
}

const FORMATS = ['parquet', 'jsonl'] as const;
type Format = (typeof FORMATS)[number];
const DEFAULT_BUDGET = 512;
const DEFAULT_SEED = 42;
const WHOLE = { min: 1, whole: true };

/**
 * `npx glossa eval`: one suite after the other. An interruption ends the suite in progress; what was finished before it is shown
 * and written to `--out`, and the error says what is left.
 */
export async function evalCommand(given: string | undefined, options: EvalCommandOptions): Promise<void> {
  if (given !== undefined && options.model !== undefined)
    throw new GlossaError('USAGE', `two models, ${given} and ${options.model}: name one`);
  const out =
    options.out === undefined ? undefined : { path: options.out, format: await tableOutput(options.out, FORMATS) };
  const display = new Display(process.stderr.isTTY ? 'live' : 'plain');
  const interrupt = onInterrupt(() => undefined);
  try {
    const model = await openModel(given ?? options.model, options, display);
    try {
      const suites = await openSuites(model, options, display);
      const settings = await settingsOf(model, options);
      await checkBudgets(suites, model, settings).catch((error: unknown) => {
        throw promptAdvice(error);
      });
      const began = performance.now();
      const { finished, failure } = await evaluateAll(model, suites, settings, {
        answer: answerOption(options.answer ?? model.config?.answer),
        signal: interrupt.stop,
        display,
      });
      const left = suites.slice(finished.length).map(({ name }) => name);
      const written = out && finished.length > 0 ? out.path : undefined;
      if (written !== undefined) await writeRows(written, out!.format, finished);
      const seconds = (performance.now() - began) / 1e3;
      if (finished.length > 0)
        process.stdout.write(options.json ? json(model, settings, finished, left, seconds) : text(finished, seconds));
      if (failure !== undefined) throw explained(failure, finished.length, left, written);
    } finally {
      await model.engine.dispose();
    }
  } finally {
    display.end();
    interrupt.restore();
  }
}

function openModel(model: string | undefined, options: EvalCommandOptions, display: Display): Promise<NamedModel> {
  return openNamed(
    { ...options, model, seed: seedOption(options) ?? DEFAULT_SEED },
    {
      dtype: dtypeOption(options.dtype),
      threads: numberOption('threads', options.threads, { min: 0, whole: true }),
      device: options.device,
    },
    (message) => {
      display.warning(message);
    },
  );
}

function openSuites(model: NamedModel, options: EvalCommandOptions, display: Display): Promise<Suite[]> {
  const selection = {
    language: options.language === undefined ? undefined : languageOption('language', options.language),
    verifier: options.verifier === undefined ? undefined : verifierOption(options.verifier),
    limit: options.limit === undefined ? undefined : numberOption('limit', options.limit, WHOLE),
  };
  if (options.data.length > 0) return givenSuites(options.data, selection);
  if (selection.verifier !== undefined)
    throw new GlossaError('USAGE', "--verifier is for --data: a run's suites have their own");
  if (model.run === undefined || model.config === undefined)
    throw new GlossaError('USAGE', 'eval of a model needs --data FILE; only a run has suites of its own');
  return runSuites(model.run, model.config, selection, ({ step, steps }) => {
    display.live([`the laboratory's model is no longer in its cache: pre-training ${String(step)}/${String(steps)}`]);
  });
}

/** What was asked; of a run's own suites, what the run does, so that its figures come again; else one greedy answer a problem. */
async function settingsOf(model: NamedModel, options: EvalCommandOptions): Promise<Settings> {
  const own = options.data.length === 0 ? model.config : undefined;
  const budget = model.config?.eval.max_completion_length ?? Math.min(DEFAULT_BUDGET, model.engine.info().context >> 1);
  const { samples, temperature } = samplingOptions({
    samples: options.samples ?? String(own?.eval.num_samples ?? 1),
    temperature: options.temperature ?? String(own?.eval.temperature ?? 0),
  });
  return {
    step: model.step,
    seed: seedOption(options) ?? own?.seed ?? DEFAULT_SEED,
    numSamples: samples,
    temperature,
    ...(own && { topP: own.eval.top_p }),
    maxCompletionLength:
      options.maxTokens === undefined ? budget : numberOption('max-tokens', options.maxTokens, WHOLE),
    prompt: await promptSettings(options, model),
  };
}

function seedOption({ seed }: EvalCommandOptions): number | undefined {
  return seed === undefined ? undefined : numberOption('seed', seed, { min: 0, whole: true });
}

async function checkBudgets(
  suites: readonly Suite[],
  { engine, tokenizer }: NamedModel,
  settings: Settings,
): Promise<void> {
  const limits = { context: engine.info().context, tokenizer, prompt: settings.prompt };
  for (const { problems } of suites) await checkBudget(problems, settings.maxCompletionLength, limits, '--max-tokens');
}

async function evaluateAll(
  model: NamedModel,
  suites: readonly Suite[],
  settings: Settings,
  { answer, signal, display }: { answer: ReturnType<typeof answerOption>; signal: AbortSignal; display: Display },
): Promise<{ finished: Finished[]; failure: unknown }> {
  const verifiers = suites.flatMap(({ problems }) => problems.map(({ verifier }) => verifier));
  const grader = await createGrader([{ name: 'accuracy', weight: 1 }], { answer, verifiers });
  const finished: Finished[] = [];
  try {
    for (const [i, suite] of suites.entries()) {
      const { length } = suite.problems;
      display.line(`${suite.name} (${String(i + 1)} of ${String(suites.length)}): ${count(length, 'problem')}`);
      const began = performance.now();
      const onProgress = ({ done, total, tokens }: { done: number; total: number; tokens: number }) => {
        const rate = figure((tokens / (performance.now() - began)) * 1e3);
        display.live([`${suite.name} ${bar(done / total, 24)} ${String(done)}/${String(total)}  ${rate} tokens/s`]);
      };
      const place = { suite: suite.name, file: suite.file };
      const job = { signal, onProgress };
      const evaluation = await evaluate({ ...model, grader }, suite.problems, { ...settings, ...place }, job);
      const errors = gradingErrors(evaluation.graded, evaluation.graded.length);
      if (errors) display.warning(`${suite.name}: ${errors.text}`);
      finished.push({ suite, evaluation });
    }
    return { finished, failure: undefined };
  } catch (failure) {
    return { finished, failure };
  } finally {
    display.end();
    await grader.close();
  }
}

async function writeRows(path: string, format: Format, finished: readonly Finished[]): Promise<void> {
  const batches = finished.map(({ suite, evaluation }) => evaluationRows({ ...suite, suite: suite.name }, evaluation));
  const file = format === 'parquet' ? parquetFile(batches[0]!.schema, batches) : jsonLinesFile(batches);
  await writeFileAtomic(path, file);
}

const rowsOf = (finished: readonly Finished[]): EvaluationRow[] =>
  finished.flatMap(({ evaluation }) => evaluation.rows);

function totals(finished: readonly Finished[]): { completions: number; tokens: number } {
  return {
    completions: finished.reduce((sum, { evaluation }) => sum + evaluation.columns.rows, 0),
    tokens: finished.reduce((sum, { evaluation }) => sum + evaluation.columns.completions.ids.length, 0),
  };
}

function json(
  { dir, step }: NamedModel,
  { maxCompletionLength, temperature, numSamples, seed }: Settings,
  finished: readonly Finished[],
  left: readonly string[],
  seconds: number,
): string {
  return `${JSON.stringify({
    model: dir,
    step,
    data: finished.map(({ suite }) => suite.file),
    max_tokens: maxCompletionLength,
    temperature,
    samples: numSamples,
    seed,
    ...totals(finished),
    seconds,
    results: rowsOf(finished).map(({ step: _step, ...row }) => row),
    ...(left.length > 0 && { unfinished: left }),
  })}\n`;
}

function text(finished: readonly Finished[], seconds: number): string {
  const { completions, tokens } = totals(finished);
  return `${evaluationTable(rowsOf(finished))}\n${count(completions, 'completion')}, ${count(tokens, 'token')} in ${seconds.toFixed(1)} s\n`;
}

/** What an interruption left undone. */
function explained(failure: unknown, done: number, left: readonly string[], written: string | undefined): unknown {
  if (!(failure instanceof GlossaError) || failure.code !== 'ABORTED') return failure;
  const kept =
    done === 0
      ? 'no suite was finished, and nothing was written'
      : `${String(done)} of ${String(done + left.length)} suites were finished${written === undefined ? '' : `, and their completions are in ${written}`}`;
  return new GlossaError('ABORTED', `interrupted in ${left[0]!}: ${kept}`, {
    cause: failure,
    ...(done > 0 && { hint: `not in it: ${left.join(', ')}` }),
  });
}
