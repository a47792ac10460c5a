import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import { decodingLaw } from '../decoding/index.js';
import { evaluate } from '../eval/index.js';
import { checkBudget, suiteRemarks, type LoadedSuite, type Suite, type SuiteDefaults } from '../inputs/index.js';
import { gradingErrors } from '../reward/index.js';
import { suiteGrader } from './eval_rewards.js';
import { answerOption, dtypeOption, numberOption, samplingOptions } from './arguments.js';
import { Display } from './display.js';
import { FORMATS, jsonOutput, textOutput, writeRows, type Finished } from './eval_output.js';
import { choiceOf, seedOption, stepsOption, type EvalCommandOptions } from './eval_options.js';
import { givenSuites, runSuites, type SuiteChoice } from './eval_suites.js';
import { bar, count, figure } from './format.js';
import { onInterrupt } from './interrupt.js';
import { openNamed, type NamedModel } from './model.js';
import { tableOutput } from './output.js';
import { promptAdvice, promptSettings } from './prompt.js';

const DEFAULT_BUDGET = 512;
const DEFAULT_SEED = 42;
/**
 * `npx glossa eval`: one suite after the other, of one checkpoint after the other. An interruption ends the suite in progress; what was
 * finished before it is shown and written to `--out`, and the error says what is left.
 */
export async function evalCommand(given: string | undefined, options: EvalCommandOptions): Promise<void> {
  if (given !== undefined && options.model !== undefined)
    throw new GlossaError('USAGE', `two models, ${given} and ${options.model}: name one`);
  const out =
    options.out === undefined ? undefined : { path: options.out, format: await tableOutput(options.out, FORMATS) };
  const name = given ?? options.model;
  const steps = await stepsOption(name, options.checkpoints);
  const choice = choiceOf(options);
  const display = new Display(process.stderr.isTTY ? 'live' : 'plain');
  const interrupt = onInterrupt(() => undefined);
  const began = performance.now();
  const done: Done = { finished: [], left: [], steps: [], model: '' };
  try {
    let suites: Suite[] | undefined;
    let failure: unknown;
    for (const step of steps) {
      const model = await openModel(name, step, options, display);
      try {
        suites ??= await openSuites(model, options, choice, display);
        done.model = steps.length > 1 ? model.run! : model.dir;
        done.steps.push(model.step);
        failure = await evaluateAll(model, suites, done, {
          config: options.data.length === 0 ? model.config : undefined,
          answer: answerOption(options.answer ?? model.config?.answer),
          signal: interrupt.stop,
          display,
          of: steps.length > 1 ? ` after step ${String(model.step)}` : '',
        });
      } finally {
        await model.engine.dispose();
      }
      if (failure !== undefined) break;
    }
    const { finished, left } = done;
    const written = out && finished.length > 0 ? out.path : undefined;
    if (written !== undefined) await writeRows(written, out!.format, finished);
    const seconds = (performance.now() - began) / 1e3;
    if (finished.length > 0)
      process.stdout.write(
        options.json ? jsonOutput(done.model, done.steps, finished, left, seconds) : textOutput(finished, seconds),
      );
    if (failure !== undefined) throw explained(failure, finished.length, left, written);
  } finally {
    display.end();
    interrupt.restore();
  }
}

/** How far a call has come. */
interface Done {
  finished: Finished[];
  /** Suites that an interruption left undone. */
  left: string[];
  steps: number[];
  model: string;
}

function openModel(
  model: string | undefined,
  step: number | undefined,
  options: EvalCommandOptions,
  display: Display,
): Promise<NamedModel> {
  return openNamed(
    { ...options, model, step, seed: seedOption(options) ?? DEFAULT_SEED },
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

/** The suites that are asked for; of a run's own, what the run does, so that its figures come again; else one greedy answer a problem. */
async function openSuites(
  model: NamedModel,
  options: EvalCommandOptions,
  choice: SuiteChoice,
  display: Display,
): Promise<Suite[]> {
  const { config, run, engine, tokenizer } = model;
  const own = options.data.length === 0 ? config : undefined;
  const budget = config?.eval.max_completion_length ?? Math.min(DEFAULT_BUDGET, engine.info().context >> 1);
  const { samples, temperature } = choice;
  const defaults: SuiteDefaults = {
    seed: own?.seed ?? DEFAULT_SEED,
    prompt: await promptSettings(options, model),
    eval: own?.eval ?? { ...GREEDY, max_completion_length: budget },
  };
  let suites: LoadedSuite[];
  if (options.data.length > 0) suites = await givenSuites(options.data, choice, defaults);
  else if (choice.verifier !== undefined || choice.format !== undefined)
    throw new GlossaError('USAGE', "--verifier and --format are for --data: a run's suites have their own");
  else if (run === undefined || config === undefined)
    throw new GlossaError('USAGE', 'eval of a model needs --data FILE; only a run has suites of its own');
  else
    suites = await runSuites(run, config, choice, defaults, ({ step, steps }) => {
      display.live([`the laboratory's model is no longer in its cache: pre-training ${String(step)}/${String(steps)}`]);
    });
  for (const remark of suites.flatMap(suiteRemarks)) display.warning(remark);
  for (const { settings } of suites)
    if (settings.by === 'generation' && (samples ?? temperature) !== undefined)
      samplingOptions({ samples: String(settings.numSamples), temperature: String(settings.temperature) });
  const limits = { context: engine.info().context, tokenizer };
  for (const { problems, settings, prompt } of suites)
    await checkBudget(
      problems,
      settings.maxCompletionLength,
      { ...limits, promptOf: () => prompt },
      '--max-tokens',
    ).catch((error: unknown) => {
      throw promptAdvice(error);
    });
  return suites;
}

/** One greedy answer a problem. */
const GREEDY = { every: 0, at_start: false, at_end: false, num_samples: 1, temperature: 0, top_p: 1 };

/** Evaluates one suite after the other into `done`; what made it end before the last is returned. */
async function evaluateAll(
  model: NamedModel,
  suites: readonly Suite[],
  done: Done,
  {
    config,
    answer,
    signal,
    display,
    of,
  }: {
    /** Of the run whose suites they are. */
    config: ResolvedConfig | undefined;
    answer: ReturnType<typeof answerOption>;
    signal: AbortSignal;
    display: Display;
    of: string;
  },
): Promise<unknown> {
  const verifiers = suites.flatMap(({ problems }) => problems.map(({ verifier }) => verifier));
  const grader = await suiteGrader(config, { answer, verifiers }, (message) => {
    display.warning(message);
  });
  const decoding =
    config?.decoding.in_eval === true
      ? await decodingLaw(
          config.decoding,
          { tokenizer: model.tokenizer, vocab: model.engine.info().vocab },
          suites.flatMap(({ problems }) => problems.map(({ language }) => language)),
        )
      : undefined;
  const before = done.finished.length;
  try {
    for (const [i, suite] of suites.entries()) {
      const { length } = suite.problems;
      display.line(`${suite.name}${of} (${String(i + 1)} of ${String(suites.length)}): ${count(length, 'problem')}`);
      const began = performance.now();
      const onProgress = ({ done: ended, total, tokens }: { done: number; total: number; tokens: number }) => {
        const rate = figure((tokens / (performance.now() - began)) * 1e3);
        display.live([`${suite.name} ${bar(ended / total, 24)} ${String(ended)}/${String(total)}  ${rate} tokens/s`]);
      };
      const { name, file, prompt, settings } = suite;
      const asked = { suite: name, file, step: model.step, prompt, ...settings, decoding };
      const evaluation = await evaluate({ ...model, grader }, suite.problems, asked, { signal, onProgress });
      const errors = gradingErrors(evaluation.graded, evaluation.graded.length);
      if (errors) display.warning(`${suite.name}: ${errors.text}`);
      done.finished.push({ suite, evaluation });
    }
    return undefined;
  } catch (failure) {
    done.left = suites.slice(done.finished.length - before).map(({ name }) => `${name}${of}`);
    return failure;
  } finally {
    display.end();
    await grader.close();
  }
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
