import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import {
  applyOverride,
  checkRaw,
  configJsonSchema,
  loadConfig,
  parseOverride,
  type ResolvedConfig,
} from '../config/index.js';
import { checkInputs, resume, train, type TrainOptions, type TrainResult } from '../trainer/index.js';
import { openDisplay, type Display } from './display.js';
import { interruptedExit } from './errors.js';
import { onInterrupt } from './interrupt.js';
import { showTraining } from './train_display.js';

export interface TrainCommandOptions {
  set: string[];
  /** Short for `--set model.path=...`. */
  model?: string;
  resume?: string;
  overwrite?: boolean;
  schema?: boolean;
  dryRun?: boolean;
  progress: string;
}

/** Settings that a resumed run may change: those that say when to stop, save and look, and how to step. */
const RESUMABLE = [
  'threads',
  'checkpoint',
  'eval',
  'rollouts',
  'optimizer',
  'grpo.max_steps',
  'grpo.max_grader_errors',
  'grpo.max_zero_reward_steps',
];

export async function trainCommand(path: string | undefined, given: TrainCommandOptions): Promise<number> {
  const options = {
    ...given,
    set: [...(given.model === undefined ? [] : [`model.path=${JSON.stringify(given.model)}`]), ...given.set],
  };
  if (options.schema) {
    process.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return 0;
  }
  if (path === undefined && options.resume === undefined) {
    throw new GlossaError('USAGE', 'train needs a config, or --resume with the folder of a run', {
      hint: 'glossa train studies/lab/collapse.yaml',
    });
  }
  const display = openDisplay(options.progress);
  if (options.dryRun) {
    await checkInputs(await loadConfig(path ?? '', options.set));
    process.stdout.write('config, model and data are fine\n');
    return 0;
  }
  const interrupt = onInterrupt((text) => {
    display.line(text);
  });
  try {
    const result = await start(path, options, { ...interrupt, tell: showTraining(display) });
    display.end();
    return conclude(result, display);
  } catch (error) {
    display.end();
    throw withResumeHint(error);
  } finally {
    interrupt.restore();
  }
}

async function start(
  path: string | undefined,
  { set, resume: run, overwrite }: TrainCommandOptions,
  options: TrainOptions,
): Promise<TrainResult> {
  // A run killed before it had a folder is begun again, where the config is there to begin with.
  const begun = run !== undefined && (path === undefined || (await exists(join(run, 'run.json'))));
  if (begun) return resume(run, (config) => changed(config, set), options);
  const config = await loadConfig(path!, run === undefined ? set : [...set, `run.dir=${JSON.stringify(run)}`]);
  return train(config, { ...options, ...(overwrite && { overwrite }) });
}

function changed(config: ResolvedConfig, sets: readonly string[]): { config: ResolvedConfig; set: string[] } {
  const overrides = sets.map(parseOverride);
  const raw = structuredClone(config) as unknown as Record<string, unknown>;
  for (const override of overrides) {
    const name = override.path.join('.');
    if (!RESUMABLE.some((allowed) => name === allowed || name.startsWith(`${allowed}.`))) {
      throw new GlossaError('CONFIG_RESUME', `--set ${override.text}: a resumed run cannot change ${name}`, {
        hint: `it can change ${RESUMABLE.join(', ')}; start a new run for the rest`,
      });
    }
    applyOverride(raw, override);
  }
  return { config: checkRaw(raw, { path: `${config.run.name}.yaml`, overrides }), set: [...sets] };
}

function conclude({ status, dir, step, checkpoint }: TrainResult, display: Display): number {
  display.json({ type: 'end', status, dir, step, checkpoint: checkpoint ?? null });
  if (status === 'finished') {
    display.line(`finished after step ${String(step)}; weights in ${checkpoint ?? dir}`);
    display.line(`  glossa report ${dir}`);
    return 0;
  }
  display.line(`stopped after step ${String(step)}${checkpoint ? '' : ', before anything was saved'}; to go on:`);
  display.line(`  glossa train --resume ${dir}`);
  return interruptedExit();
}

function withResumeHint(error: unknown): unknown {
  if (!(error instanceof GlossaError) || error.code !== 'ABORTED') return error;
  return new GlossaError('ABORTED', 'stopped in the middle of a step', {
    cause: error,
    hint: 'glossa train --resume RUN goes on from the last checkpoint',
  });
}
