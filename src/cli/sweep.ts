import { makeFolder } from '../base/folder.js';
import { GlossaError } from '../base/error.js';
import { differencesText } from '../run/index.js';
import {
  localMachine,
  lockSweep,
  makeLabs,
  missingLabs,
  planSweep,
  prepareSweep,
  readSweepFile,
  runLocally,
  sweepJsonSchema,
  unfinishedRuns,
  updateResults,
  type RunState,
  type SweepPlan,
  type SweepRecord,
} from '../sweep/index.js';
import { numberOption } from './arguments.js';
import { requireYes } from './ask.js';
import { openDisplay, type Display } from './display.js';
import { EXIT, interruptedExit } from './errors.js';
import { count } from './format.js';
import { onInterrupt } from './interrupt.js';
import { shellWord } from './shell_word.js';
import { SweepDisplay } from './sweep_display.js';

export interface SweepCommandOptions {
  /** Index of one run: the file's place is taken by the sweep's folder. */
  task?: string;
  slurm?: boolean;
  kubernetes?: boolean;
  out?: string;
  atOnce?: string;
  dryRun?: boolean;
  restartChanged?: boolean;
  yes?: boolean;
  schema?: boolean;
  json?: boolean;
  progress: string;
}

/** So many runs are asked about. */
const MANY = 10_000;
/** Changed runs that are named. */
const MOST_NAMED = 5;

export async function sweepCommand(path: string | undefined, options: SweepCommandOptions): Promise<number> {
  if (options.schema) {
    process.stdout.write(`${JSON.stringify(sweepJsonSchema(), null, 2)}\n`);
    return 0;
  }
  if (path === undefined)
    throw new GlossaError('USAGE', 'sweep needs a sweep file', { hint: 'npx glossa sweep studies/lab/sweep.yaml' });
  if (options.task !== undefined) return (await import('./sweep_task.js')).sweepTask(path, options.task);
  const atOnce =
    options.atOnce === undefined ? undefined : numberOption('at-once', options.atOnce, { min: 1, whole: true });
  const plan = await planSweep(await readSweepFile(path), options.out);
  if (atOnce !== undefined) plan.record.spec.local.at_once = atOnce;
  if (options.slurm || options.kubernetes) return elsewhere(plan, { again: sameCommand(path, options), ...options });
  if (options.dryRun) return (await import('./sweep_dry_run.js')).sweepDryRun(plan, options);
  await ask(plan, options);
  const display = openDisplay(options.progress);
  const interrupt = onInterrupt((text) => {
    display.line(text);
  });
  try {
    return await work(plan, { json: options.json, again: sameCommand(path, options) }, display, interrupt);
  } finally {
    display.end();
    interrupt.restore();
  }
}

/** The command that goes on with a sweep. */
const sameCommand = (path: string, { out }: SweepCommandOptions): string =>
  ['npx glossa sweep', shellWord(path), ...(out === undefined ? [] : ['--out', shellWord(out)])].join(' ');

/** The runs are made by Slurm or by Kubernetes. */
async function elsewhere(plan: SweepPlan, options: SweepCommandOptions & { again: string }): Promise<number> {
  if (options.slurm && options.kubernetes)
    throw new GlossaError('USAGE', '--slurm and --kubernetes: name one', { hint: 'npx glossa sweep --help' });
  const { printManifest, showScripts, submitSweep } = await import('./sweep_elsewhere.js');
  if (options.slurm && options.dryRun) return showScripts(plan);
  if (!options.dryRun) await ask(plan, options);
  const display = openDisplay(options.progress);
  try {
    if (options.kubernetes) return await printManifest(plan, display, options.dryRun);
    return await submitSweep(plan, options, display);
  } finally {
    display.end();
  }
}

async function ask({ record, changed }: SweepPlan, { yes, restartChanged }: SweepCommandOptions): Promise<void> {
  if (record.runs.length >= MANY && !yes)
    await requireYes(`the sweep ${record.name} has ${String(record.runs.length)} runs: make them all?`, {
      code: 'SWEEP_LARGE',
      flag: '--yes',
    });
  if (changed.length === 0 || restartChanged) return;
  const named = changed
    .slice(0, MOST_NAMED)
    .map(({ run, differences }) => `${run.name}\n${differencesText(differences.slice(0, MOST_NAMED))}`);
  if (changed.length > MOST_NAMED) named.push(`and ${count(changed.length - MOST_NAMED, 'run')} more`);
  await requireYes(
    `${record.file}: ${count(changed.length, 'run')} of ${record.dir} began otherwise than they would now:\n${named.join('\n')}\nbegin them anew, and lose what they have made?`,
    { code: 'SWEEP_EDITED', flag: 'put the files back, give --out, or --restart-changed' },
  );
}

async function work(
  plan: SweepPlan,
  { json, again }: { json: boolean | undefined; again: string },
  display: Display,
  { stop, abort }: { stop: AbortSignal; abort: AbortSignal },
): Promise<number> {
  const { record, configs } = plan;
  await makeFolder(record.dir);
  const lock = await lockSweep(record.dir, (message) => {
    display.warning(message);
  });
  let results: ResultsKeeper | undefined;
  try {
    await prepareSweep(plan);
    const machine = await localMachine();
    const shown = new SweepDisplay(display, record, configs);
    const pending = await unfinishedRuns(record);
    const labs = await missingLabs(pending.map(({ index }) => configs.get(index)!));
    if (labs.length > 0)
      await makeLabs(labs, {
        cores: machine.cores.length,
        signal: stop,
        tell: (lab, progress) => {
          shown.pretrain(lab, progress, labs.length);
        },
      });
    results = keepResults(record, display);
    const states = await runLocally(record, configs, {
      machine,
      stop,
      abort,
      tell: (progress) => {
        shown.show(progress);
      },
      ended: results.refresh,
    });
    shown.end();
    await results.close();
    results = undefined;
    if (json)
      process.stdout.write(
        `${JSON.stringify({ dir: record.dir, ...tally(states), runs: Object.fromEntries(states) })}\n`,
      );
    return conclude(states, display, { again, dir: record.dir, stopped: stop.aborted });
  } catch (error) {
    if (error instanceof GlossaError && error.code === 'ABORTED')
      throw new GlossaError('ABORTED', 'stopped', { cause: error, hint: `${again} goes on` });
    throw error;
  } finally {
    await results?.close().catch(() => undefined);
    await lock.release();
  }
}

/** Milliseconds between two looks at runs that go on. */
const REFRESH_EVERY = 30_000;

interface ResultsKeeper {
  /** Does not wait: the next run need not. */
  refresh: () => void;
  /** Brings the tables to their last state. @throws GlossaError IO_ERROR. */
  close: () => Promise<void>;
}

/** Keeps results/ up to date while runs go on and end. */
function keepResults(record: SweepRecord, display: Display): ResultsKeeper {
  const refresh = () => {
    updateResults(record).catch((error: unknown) => {
      display.warning((error as Error).message);
    });
  };
  const timer = setInterval(refresh, REFRESH_EVERY);
  return {
    refresh,
    async close() {
      clearInterval(timer);
      await updateResults(record);
    },
  };
}

function tally(states: ReadonlyMap<string, RunState>): Record<RunState, number> {
  const counts = { waiting: 0, running: 0, finished: 0, interrupted: 0, failed: 0, stopped: 0 };
  for (const state of states.values()) counts[state]++;
  return counts;
}

function conclude(
  states: ReadonlyMap<string, RunState>,
  display: Display,
  { again, dir, stopped }: { again: string; dir: string; stopped: boolean },
): number {
  const counts = tally(states);
  const parts = Object.entries(counts)
    .filter(([, n]) => n > 0)
    .map(([state, n]) => `${String(n)} ${state}`);
  display.line(`${dir}: ${parts.join(', ')}`);
  const left = counts.waiting + counts.interrupted;
  if (left > 0 || counts.failed > 0) {
    display.line(stopped ? 'to go on:' : 'to try those again:');
    display.line(`  ${again}`);
  }
  if (counts.running > 0) {
    display.line(`${count(counts.running, 'run')} still go on in other processes; when they have ended:`);
    display.line(`  ${again}`);
  }
  if (stopped && left > 0) return interruptedExit();
  return counts.failed > 0 || left > 0 ? EXIT.failure : 0;
}
