import { GlossaError } from '../base/error.js';
import { greatest } from '../base/extremes.js';
import { optimizerSteps } from '../config/index.js';
import {
  localMachine,
  measureRun,
  missingLabs,
  processSeconds,
  runSeconds,
  scheduleSeconds,
  shapeOf,
  Slots,
  stepsOf,
  sweepState,
  type LocalMachine,
  type Measured,
  type RunState,
  type SweepPlan,
  type SweepRun,
} from '../sweep/index.js';
import { openDisplay } from './display.js';
import { bytes, count, duration, textTable } from './format.js';

interface PlannedRow {
  run: SweepRun;
  state: RunState;
  step: number;
  maxSteps: number;
  /** Of a run that is over undefined: it is not measured. */
  peak: number | undefined;
  /** That are left. */
  seconds: number;
}

/** The table of runs with memory and time, measured here by a few steps of each kind of run. Writes nothing that stays. */
export async function sweepDryRun(plan: SweepPlan, options: { json?: boolean; progress: string }): Promise<number> {
  const { record, configs } = plan;
  const machine = await localMachine();
  const states = await sweepState(record);
  const left = record.runs.filter(({ name }) => !['finished', 'stopped'].includes(states.get(name)!.state));
  const threads = new Slots(machine, record.spec.local).share(configs.get(record.runs[0]!.index)!, left.length);
  const measured = await measureShapes(plan, left, { threads, node: machine.node }, options.progress);
  const of = ({ index }: SweepRun) => measured.get(shapeOf(configs.get(index)!))!;
  const going = new Set(left);
  const start = await processSeconds();
  const rows = record.runs.map((run): PlannedRow => {
    const { state, step } = states.get(run.name)!;
    const config = configs.get(run.index)!;
    const row = { run, state, step, maxSteps: optimizerSteps(config) ?? step };
    if (!going.has(run)) return { ...row, peak: undefined, seconds: 0 };
    row.maxSteps = stepsOf(config, of(run));
    return { ...row, peak: of(run).peak, seconds: runSeconds(config, of(run), { from: step, process: start }) };
  });
  const atOnce = fitting(plan, rows, machine);
  const labs = await missingLabs(configs.values());
  const pretraining =
    labs.length * greatest([0, ...[...measured.values()].map((one) => one.pretraining?.seconds ?? 0)]);
  const seconds =
    pretraining +
    scheduleSeconds(
      rows.filter((row) => row.seconds > 0).map((row) => row.seconds),
      atOnce,
    );
  process.stdout.write(
    options.json
      ? `${JSON.stringify(tableObject(plan, rows, { atOnce, threads, pretraining, seconds }))}\n`
      : `${tableText(plan, rows, { atOnce, threads, labs: labs.length, pretraining, seconds })}\n`,
  );
  return 0;
}

async function measureShapes(
  { configs }: SweepPlan,
  left: readonly SweepRun[],
  place: { threads: number; node: number },
  progress: string,
): Promise<Map<string, Measured>> {
  const shapes = new Map<string, SweepRun>();
  for (const run of left) {
    const shape = shapeOf(configs.get(run.index)!);
    if (!shapes.has(shape)) shapes.set(shape, run);
  }
  const display = openDisplay(progress === 'auto' || progress === 'plain' ? progress : 'none');
  const measured = new Map<string, Measured>();
  try {
    for (const [shape, run] of shapes) {
      const at = `measuring ${String(measured.size + 1)} of ${count(shapes.size, 'kind')} of run: ${run.name}`;
      display.live([at]);
      if (display.mode === 'plain') display.line(at);
      try {
        measured.set(shape, await measureRun(configs.get(run.index)!, place));
      } catch (error) {
        if (!(error instanceof GlossaError)) throw error;
        const { code, message, hint } = error;
        throw new GlossaError(code, `run ${run.name}: ${message}`, {
          cause: error,
          ...(hint !== undefined && { hint }),
        });
      }
    }
  } finally {
    display.end();
  }
  return measured;
}

/** How many of the runs that are left fit side by side. */
function fitting({ record, configs }: SweepPlan, rows: readonly PlannedRow[], machine: LocalMachine): number {
  const slots = new Slots(machine, record.spec.local);
  const left = rows.filter(({ seconds }) => seconds > 0);
  for (const [i, { run, peak }] of left.entries())
    if (!slots.take(configs.get(run.index)!, peak!, left.length - i - 1)) break;
  return Math.max(1, slots.used);
}

interface Totals {
  atOnce: number;
  threads: number;
  pretraining: number;
  seconds: number;
}

function tableText(
  { record, added, changed, left, known }: SweepPlan,
  rows: readonly PlannedRow[],
  { atOnce, threads, labs, pretraining, seconds }: Totals & { labs: number },
): string {
  const table = textTable([
    ['run', 'state', 'steps', 'memory', 'time'],
    ...rows.map(({ run, state, step, maxSteps, peak, seconds: each }) => [
      run.name,
      state,
      step > 0 && each > 0 ? `${String(step)}/${String(maxSteps)}` : String(maxSteps),
      peak === undefined ? '' : bytes(peak),
      each > 0 ? duration(each) : '',
    ]),
  ]);
  const notes = [
    `${count(rows.length, 'run')} in ${record.dir}, ${String(atOnce)} at once with ${count(threads, 'thread')} each: about ${duration(seconds)} here, saving not counted`,
    ...(labs > 0
      ? [`first pre-trains ${count(labs, 'model')} of the laboratory, about ${duration(pretraining)} of that`]
      : []),
    ...(known && added.length > 0 ? [`${count(added.length, 'run')} of them new`] : []),
    ...(left.length > 0
      ? [`${count(left.length, 'run')} in the folder that the sweep no longer asks for: left as they are`]
      : []),
    ...(changed.length > 0
      ? [`${count(changed.length, 'run')} began otherwise than they would now: a start asks first`]
      : []),
  ];
  return [table, '', ...notes].join('\n');
}

function tableObject({ record, added, changed, left }: SweepPlan, rows: readonly PlannedRow[], totals: Totals) {
  return {
    dir: record.dir,
    at_once: totals.atOnce,
    threads_per_run: totals.threads,
    seconds: totals.seconds,
    pretraining_seconds: totals.pretraining,
    added: added.length,
    changed: changed.map(({ run }) => run.name),
    left: left.map(({ name }) => name),
    runs: rows.map(({ run: { dir: _dir, settings: _settings, ...run }, state, step, maxSteps, peak, seconds }) => ({
      ...{
        ...run,
        state,
        step,
        max_steps: maxSteps,
        memory_bytes: peak === undefined ? null : Math.round(peak),
        seconds,
      },
    })),
  };
}
