import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GlossaError } from '../base/error.js';
import { greatest, least } from '../base/extremes.js';
import type { ResolvedConfig, SftSettings } from '../config/index.js';
import { withLabTrial, type Pretraining } from '../inputs/index.js';
import type { PretrainProgress } from '../lab/index.js';
import { supervisedSteps } from '../sft/index.js';
import { train } from '../trainer/index.js';
import { peakOf } from './memory.js';
import { PROGRAM } from './run_process.js';

/** What a run of a config takes here: measured by a few steps of it, which leave nothing behind. */
export interface Measured {
  /** Bytes at its peak. */
  peak: number;
  /** Until model and data are open, in seconds. */
  open: number;
  /** An optimizer step with its share of the generation. */
  step: number;
  /** All that is held out once; 0 where there is nothing. */
  evaluation: number;
  /** Problems, or examples of supervised fine-tuning, to train on. */
  examples: number;
  /** Of a laboratory's model that is not made yet. */
  pretraining: Pretraining | undefined;
}

/**
 * Measures a run on this machine: two generations of it, the second timed, in a temporary folder.
 *
 * @param threads of the engine, where the config leaves that open.
 * @param node bytes of this process before it computed anything.
 * @throws GlossaError as a run would before its first step; ABORTED.
 */
export async function measureRun(
  config: ResolvedConfig,
  { threads, node, signal }: { threads: number; node: number; signal?: AbortSignal },
): Promise<Measured> {
  const measured: Omit<Measured, 'pretraining'> = { peak: 0, open: 0, step: 0, evaluation: 0, examples: 0 };
  const pretraining = await withLabTrial(config, async (tried, onPretrain) => {
    Object.assign(measured, await measureSteps(tried, threads, { signal, onPretrain }));
    measured.peak = await peakOf(tried, node);
  });
  return { ...measured, pretraining };
}

async function measureSteps(
  config: ResolvedConfig,
  threads: number,
  { signal, onPretrain }: { signal: AbortSignal | undefined; onPretrain: (progress: PretrainProgress) => void },
) {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-measure-'));
  const { sft } = config;
  const cycle = sft ? 1 : config.grpo.steps_per_generation * config.grpo.num_iterations;
  const enough = new AbortController();
  const times = { begun: performance.now(), started: 0, training: 0, first: 0, second: 0 };
  let examples = 0;
  const short: ResolvedConfig = {
    ...config,
    threads: config.threads || threads,
    ...(sft ? { sft: longEnough(sft) } : { grpo: { ...config.grpo, max_steps: 4 * cycle } }),
    eval: { ...config.eval, every: 0, at_start: true, at_end: false },
    checkpoint: { ...config.checkpoint, every: 0 },
    rollouts: { every: 0 },
    run: { name: config.run.name, dir: join(dir, 'run') },
  };
  try {
    await train(short, {
      abort: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
      tell(event) {
        const now = performance.now();
        if (event.type === 'pretrain') {
          onPretrain(event.progress);
          times.begun = now;
        }
        if (event.type === 'start') {
          times.started = now;
          examples = event.problems;
        }
        if (event.type === 'phase' && event.phase === 'generate') times.training ||= now;
        if (event.type !== 'step') return;
        times.training ||= now - 1e3 * (event.line.step_time ?? 0);
        if (event.line.step === cycle) times.first = now;
        if (event.line.step < 2 * cycle) return;
        times.second = now;
        // Before anything is saved.
        enough.abort();
      },
    });
  } catch (error) {
    const ended = error instanceof GlossaError && ['ABORTED', 'CANCELLED'].includes(error.code);
    if (!ended || times.second === 0) throw error;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return {
    open: (times.started - times.begun) / 1e3,
    examples,
    evaluation: config.data.eval.length + (sft?.eval.length ?? 0) > 0 ? (times.training - times.started) / 1e3 : 0,
    step: (times.second - times.first) / 1e3 / cycle,
  };
}

/** A run of two steps and more; it is ended before its last. */
function longEnough(sft: SftSettings): SftSettings {
  if (sft.max_steps !== undefined) return { ...sft, max_steps: Math.max(4, sft.max_steps) };
  return { ...sft, num_train_epochs: Math.max(4 * sft.batch_size, sft.num_train_epochs) };
}

/** Optimizer steps of a run of this config. */
export const stepsOf = ({ sft, grpo }: ResolvedConfig, { examples }: Pick<Measured, 'examples'>): number =>
  sft ? supervisedSteps(sft, examples) : grpo.max_steps;

/** Seconds that a process of glossa takes to begin. */
export async function processSeconds(): Promise<number> {
  const began = performance.now();
  await promisify(execFile)(process.execPath, [...PROGRAM, '--version']);
  return (performance.now() - began) / 1e3;
}

/** Seconds that a run takes from a step to its end, without saving. */
export function runSeconds(
  config: ResolvedConfig,
  measured: Measured,
  { from, process: start }: { from: number; process: number },
): number {
  const { every, at_start: atStart, at_end: atEnd } = config.eval;
  const { open, step, evaluation: each } = measured;
  const all = stepsOf(config, measured);
  const steps = all - from;
  const due = every > 0 ? Math.floor(all / every) - Math.floor(from / every) : 0;
  const last = atEnd && !(every > 0 && all % every === 0) ? 1 : 0;
  return start + open + steps * step + (due + last + (atStart && from === 0 ? 1 : 0)) * each;
}

/** Seconds until all are done, so many at once: each begins where one before has ended. */
export function scheduleSeconds(runs: readonly number[], atOnce: number): number {
  const slots = Array.from({ length: Math.max(1, atOnce) }, () => 0);
  for (const seconds of runs) {
    const next = slots.indexOf(least(slots));
    slots[next]! += seconds;
  }
  return greatest(slots);
}
