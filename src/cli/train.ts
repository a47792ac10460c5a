import { join, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { loadConfig, type ResolvedConfig } from '../config/index.js';
import { readRecord } from '../run/index.js';
import {
  checkInputs,
  checkResume,
  requireTraceFile,
  resume,
  train,
  type ResumeResult,
  type TrainEvent,
  type TrainOptions,
} from '../trainer/index.js';
import { numberOption } from './arguments.js';
import { openDisplay, type Display } from './display.js';
import { interruptedExit } from './errors.js';
import { count, duration } from './format.js';
import { onInterrupt } from './interrupt.js';
import { changeOf } from './resume_config.js';
import { schemaCommand } from './schema.js';
import { shellWord } from './shell_word.js';
import { showTraining } from './train_display.js';

export interface TrainCommandOptions {
  set: string[];
  /** Short for `--set model.path=...`. */
  model?: string;
  /** Short for `--set device=...`. */
  device?: string;
  /** Short for `--set fast=true`. */
  fast?: boolean;
  resume?: string;
  acceptChanges?: boolean;
  overwrite?: boolean;
  schema?: boolean;
  dryRun?: boolean;
  /** File, or true for that of the run's folder. */
  profile?: string | true;
  /** Step after which the run pauses. */
  until?: string;
  progress: string;
  /** The config must ask for supervised fine-tuning. */
  supervised?: boolean;
}

export async function trainCommand(path: string | undefined, given: TrainCommandOptions): Promise<number> {
  const options = {
    ...given,
    set: [
      ...(given.model === undefined ? [] : [`model.path=${JSON.stringify(given.model)}`]),
      ...(given.device === undefined ? [] : [`device=${JSON.stringify(given.device)}`]),
      ...(given.fast ? ['fast=true'] : []),
      ...given.set,
    ],
  };
  if (options.schema) return schemaCommand({});
  checkOptions(path, options);
  if (typeof options.profile === 'string') requireTraceFile(options.profile);
  const display = openDisplay(options.progress);
  const interrupt = onInterrupt((text) => {
    display.line(text);
  });
  const pause = pausing(
    options.until === undefined ? undefined : numberOption('until', options.until, { min: 1, whole: true }),
  );
  const show = showTraining(display);
  const training: TrainOptions = {
    abort: interrupt.abort,
    stop: AbortSignal.any([interrupt.stop, pause.signal]),
    ...(options.profile !== undefined && { profile: options.profile }),
    tell: (event) => {
      show(event);
      pause.look(event);
    },
  };
  try {
    if (options.dryRun) {
      const text = await dryRun(path, options, training);
      display.end();
      process.stdout.write(`${text}\n`);
      return 0;
    }
    const result = await start(path, options, training);
    display.end();
    return conclude(result, display, {
      asked: pause.signal.aborted && !interrupt.stop.aborted,
      command: commandOf(options.supervised),
    });
  } catch (error) {
    display.end();
    throw stopped(error, options);
  } finally {
    interrupt.restore();
  }
}

function checkOptions(
  path: string | undefined,
  { resume: run, overwrite, acceptChanges, profile, supervised }: TrainCommandOptions,
): void {
  const name = commandOf(supervised);
  const usage = (message: string, hint: string) => new GlossaError('USAGE', message, { hint });
  if (path === undefined && run === undefined)
    throw usage(
      `${name} needs a config, or --resume with the folder of a run`,
      typeof profile === 'string'
        ? `a word after --profile is its file: npx glossa ${name} ${profile} --profile`
        : `npx glossa ${name} studies/lab/${supervised ? 'sft' : 'collapse'}.yaml`,
    );
  if (run !== undefined && overwrite)
    throw usage(
      '--resume goes on with a run and --overwrite begins another in its place: name one',
      `npx glossa ${name} --help`,
    );
  if (acceptChanges && run === undefined)
    throw usage('--accept-changes belongs to --resume', `npx glossa ${name} --resume RUN --accept-changes`);
}

const commandOf = (supervised = false) => (supervised ? 'sft' : 'train');

/** Whether a folder has a run, or one that is on its way there. */
async function hasRun(dir: string): Promise<boolean> {
  const names = ['run.json', '.run.json', '.arriving'];
  return (await Promise.all(names.map((name) => exists(join(dir, name))))).includes(true);
}

/** A run killed before it had a folder is begun again, where the config is there to begin with. */
async function isBegun(path: string | undefined, run: string): Promise<boolean> {
  return path === undefined || hasRun(run);
}

const newSets = ({ set, resume: run }: TrainCommandOptions) =>
  run === undefined ? set : [...set, `run.dir=${JSON.stringify(run)}`];

/** @throws GlossaError CONFIG_RESUME where a run is one of GRPO. */
async function requireSupervised(run: string): Promise<void> {
  const { config } = await readRecord(resolve(run));
  if ((config as { sft?: unknown }).sft !== undefined) return;
  throw new GlossaError('CONFIG_RESUME', `${run} is a run of GRPO, and glossa sft goes on with runs of its own`, {
    hint: `npx glossa train --resume ${run}`,
  });
}

async function configOf(path: string, given: TrainCommandOptions): Promise<ResolvedConfig> {
  if (await hasRun(path))
    throw new GlossaError('NOT_A_FILE', `${path} is the folder of a run; expected a config`, {
      hint: `npx glossa ${commandOf(given.supervised)} --resume ${shellWord(path)} goes on with the run`,
    });
  const config = await loadConfig(path, newSets(given));
  if (given.supervised && !config.sft)
    throw new GlossaError('CONFIG_MISSING', `${path}: sft: is missing, and glossa sft goes by it`, {
      hint: '`sft: {}` has its defaults (docs/sft.md); npx glossa train trains with GRPO',
    });
  return config;
}

async function start(
  path: string | undefined,
  given: TrainCommandOptions,
  options: TrainOptions,
): Promise<ResumeResult> {
  const { set, resume: run, overwrite, acceptChanges = false } = given;
  if (run !== undefined && (await isBegun(path, run))) {
    if (given.supervised) await requireSupervised(run);
    return resume(run, changeOf(path, set, { acceptChanges }), { ...options, acceptChanges });
  }
  const config = await configOf(path!, given);
  return train(config, { ...options, asked: { config: resolve(path!), set }, ...(overwrite && { overwrite }) });
}

/** What a start would do, after everything was checked that can be. */
async function dryRun(path: string | undefined, given: TrainCommandOptions, options: TrainOptions): Promise<string> {
  const { set, resume: run, acceptChanges = false } = given;
  if (run !== undefined && (await isBegun(path, run))) {
    const change = changeOf(path, set, { acceptChanges });
    const { step, maxSteps, finished } = await checkResume(run, change, { ...options, acceptChanges });
    if (finished) return `${run} is finished after step ${String(step)}: nothing is left to do`;
    return `config, model, data and rewards are fine; ${run} would go on after step ${String(step)} of ${String(maxSteps)}`;
  }
  const { obstacle, pretraining } = await checkInputs(await configOf(path!, given), options);
  const fine = 'config, model, data and rewards are fine';
  if (obstacle !== undefined && !given.overwrite)
    return `${fine}, but a start would be refused: ${obstacle} (--resume, --overwrite, or another run.dir)`;
  if (pretraining === undefined) return fine;
  const { steps, seconds } = pretraining;
  return `${fine}; a start would first pre-train the laboratory's model: ${count(steps, 'step')}, about ${duration(seconds)} here`;
}

/** Stops a run once it has made step `until`. */
function pausing(until = Infinity): { signal: AbortSignal; look: (event: TrainEvent) => void } {
  const pause = new AbortController();
  return {
    signal: pause.signal,
    look(event) {
      if ((event.type === 'start' && event.step >= until) || (event.type === 'step' && event.line.step >= until))
        pause.abort();
    },
  };
}

/**
 * @param asked The run was to pause here.
 * @param command That goes on with it.
 */
function conclude(
  { status, dir, step, checkpoint, final, finalStep, already, stopped }: ResumeResult,
  display: Display,
  { asked, command }: { asked: boolean; command: string },
): number {
  display.json({
    ...{ type: 'end', status, dir, step, checkpoint: checkpoint ?? null },
    ...{ final: final ?? null, final_step: finalStep ?? null },
  });
  if (status === 'finished') {
    display.line(
      already
        ? `${dir} is finished already, after step ${String(step)}: nothing is left to do (--set grpo.max_steps=..., of sft --set sft.max_steps=..., makes it longer)`
        : `finished after step ${String(step)}${stopped === undefined ? '' : `, for ${stopped}`}; weights${finalStep === undefined || finalStep === step ? '' : ` of step ${String(finalStep)}, the best,`} in ${final ?? checkpoint ?? dir}`,
    );
    display.line(`  npx glossa report ${dir}`);
    return 0;
  }
  if (checkpoint === undefined) display.line('stopped before anything was saved: the same command begins again');
  else {
    display.line(`stopped after step ${String(step)}; to go on:`);
    display.line(`  npx glossa ${command} --resume ${dir}`);
  }
  return asked ? 0 : interruptedExit();
}

function stopped(error: unknown, given: TrainCommandOptions): unknown {
  if (!(error instanceof GlossaError) || error.code !== 'ABORTED') return error;
  return new GlossaError('ABORTED', 'stopped at once', {
    cause: error,
    hint: `npx glossa ${commandOf(given.supervised)} --resume ${given.resume ?? 'RUN'} goes on from the last checkpoint, where there is one; else the same command begins again`,
  });
}
