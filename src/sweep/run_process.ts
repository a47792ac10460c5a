import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { writeFileAtomic } from '../base/atomic.js';
import { makeFolder } from '../base/folder.js';
import type { TrainEvent } from '../trainer/index.js';
import { configOf, rawConfig } from './config.js';
import { sweepFolder } from './folder.js';
import type { SweepRecord, SweepRun } from './record.js';
import { isBegun } from './state.js';

/** What a run's process may use. None of it changes a result. */
export interface RunPlace {
  /** Cores of its own; undefined: wherever the system puts it. */
  pinned?: readonly number[] | undefined;
  /** Threads of the engine, where the config leaves that open and the cores do not say. */
  threads?: number | undefined;
  /** What CUDA_VISIBLE_DEVICES is to be. */
  gpu?: string | undefined;
}

export interface RunProcessOptions extends RunPlace {
  /** The run pauses after this step, with a checkpoint. */
  until?: number | undefined;
  tell?: (event: TrainEvent) => void;
}

/** How a run's process ended. */
export interface RunExit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** What it said last, where it failed: `MODEL_NOT_FOUND` and its message. */
  error: { code: string; message: string } | undefined;
}

export interface RunProcess {
  readonly pid: number | undefined;
  readonly ended: Promise<RunExit>;
  /** Finish the step, save, end. */
  stop: () => void;
  /** End at once. */
  abort: () => void;
}

const ENDING = extname(import.meta.url);
/** What Node is to run: this very program. */
export const PROGRAM: readonly string[] = [
  ...(ENDING === '.ts' ? ['--import', import.meta.resolve('tsx')] : []),
  fileURLToPath(new URL(`../cli/main${ENDING}`, import.meta.url)),
];
/** Characters of what a process says to standard error that are kept. */
const KEPT = 16_384;

/**
 * Starts a run of a sweep, or goes on with it, as `npx glossa train` in a process of its own. The process outlives this one where
 * this one is killed; who comes next finds it by the run's lock.
 *
 * @throws GlossaError IO_ERROR where the run's config cannot be written.
 */
export async function startRun(
  sweep: SweepRecord,
  run: SweepRun,
  options: RunProcessOptions = {},
): Promise<RunProcess> {
  const { pinned, gpu } = options;
  const args = [...PROGRAM, ...(await trainArguments(sweep, run, options))];
  const [command, given] =
    pinned === undefined ? [process.execPath, args] : ['taskset', ['-c', pinned.join(','), process.execPath, ...args]];
  const child = spawn(command, given, {
    // In a group of its own: Ctrl-C of a terminal reaches the sweep alone, and each run once.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(gpu !== undefined && { CUDA_VISIBLE_DEVICES: gpu }) },
  });
  return {
    pid: child.pid,
    ended: exitOf(child, options.tell),
    stop: () => child.kill('SIGINT'),
    abort: () => abort(child),
  };
}

async function trainArguments(
  sweep: SweepRecord,
  run: SweepRun,
  { threads, until }: RunProcessOptions,
): Promise<string[]> {
  const more = [
    ...(threads === undefined ? [] : ['--set', `threads=${String(threads)}`]),
    ...(until === undefined ? [] : ['--until', String(until)]),
    ...['--progress', 'json'],
  ];
  if (await isBegun(run.dir)) return ['train', '--resume', run.dir, ...more];
  return ['train', await writeRunConfig(sweep, run), '--set', `run.dir=${run.dir}`, ...more];
}

/** Writes the config that a run begins with. @returns its path. */
export async function writeRunConfig(sweep: SweepRecord, run: SweepRun): Promise<string> {
  const folder = sweepFolder(sweep.dir);
  await makeFolder(folder.configs);
  const { cache } = configOf(sweep, run).model;
  const raw = rawConfig(sweep, run);
  const config = { ...raw, model: { ...(raw['model'] as object), cache } };
  await writeFileAtomic(
    folder.config(run.name),
    `# Run ${run.name} of the sweep ${sweep.name}: its base with the settings of the arm, the axes and the seed.\n${stringify(config)}`,
  );
  return folder.config(run.name);
}

async function exitOf(child: ChildProcess, tell: RunProcessOptions['tell']): Promise<RunExit> {
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-KEPT)));
  createInterface({ input: child.stdout! }).on('line', (line) => {
    const event = parse(line);
    if (event) tell?.(event);
  });
  const failed = once(child, 'error').then(([error]) => error as Error);
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const how = await Promise.race([failed, closed]).catch((error: unknown) => error as Error);
  if (how instanceof Error) return { code: null, signal: null, error: { code: 'IO_ERROR', message: how.message } };
  const [code, signal] = how;
  return { code, signal, error: code === 0 ? undefined : lastError(said, signal) };
}

function parse(line: string): TrainEvent | undefined {
  try {
    return JSON.parse(line) as TrainEvent;
  } catch {
    return undefined;
  }
}

function lastError(said: string, signal: NodeJS.Signals | null): RunExit['error'] {
  const found = /^error ([A-Z_]+): ([\s\S]*)$/m.exec(said);
  if (found) return { code: found[1]!, message: found[2]!.trim() };
  if (signal !== null) return { code: 'ABORTED', message: `the process was ended by ${signal}` };
  const last = said.trim().split('\n').at(-1) ?? '';
  return { code: 'INTERNAL', message: last === '' ? 'the process said nothing' : last };
}

function abort(child: ChildProcess): void {
  // The second interrupt ends a run at once; where it does not listen any more, nothing is lost by SIGKILL.
  child.kill('SIGINT');
  setTimeout(() => child.exitCode ?? child.kill('SIGKILL'), 3000).unref();
}
