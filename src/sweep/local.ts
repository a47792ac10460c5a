import { setTimeout as wait } from 'node:timers/promises';
import { saysDiskFull } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { lifeOf } from '../base/process.js';
import { optimizerSteps, type ResolvedConfig } from '../config/index.js';
import type { TrainEvent } from '../trainer/index.js';
import { coresOf } from './cores.js';
import { invalid } from './file.js';
import { armsOf, halve, metricAfter } from './halving.js';
import { appendLog, type HalvingDecision, type SweepEvent } from './log.js';
import type { LocalMachine } from './machine.js';
import { peakOf, shapeOf } from './memory.js';
import type { SweepRecord, SweepRun } from './record.js';
import { startRun, type RunExit } from './run_process.js';
import { Slots, type Slot } from './slots.js';
import { halvings, lookAtRun, runHolder, sweepState, type RunState } from './state.js';

/** What a sweep tells while it goes on. */
export type SweepProgress =
  | {
      type: 'state';
      run: SweepRun;
      state: RunState;
      step: number;
      /** Null: by epochs whose examples are not counted yet. */
      maxSteps: number | null;
      error?: { code: string; message: string };
    }
  | { type: 'retry'; run: SweepRun; attempt: number; error: { code: string; message: string } }
  | { type: 'train'; run: SweepRun; event: TrainEvent }
  | { type: 'halved'; decision: HalvingDecision };

export interface LocalOptions {
  machine: LocalMachine;
  /** Aborted: every run finishes its step, saves and ends; no other starts. */
  stop: AbortSignal;
  /** Aborted: every run ends at once. */
  abort: AbortSignal;
  tell: (progress: SweepProgress) => void;
  /** Called after each run that ended. */
  ended?: (run: SweepRun) => void;
}

interface Work {
  run: SweepRun;
  config: ResolvedConfig;
  state: RunState;
  /** Last step made, as far as this process knows. */
  step: number;
  maxSteps: number | undefined;
  attempts: number;
  /** A process of another machine works on it: nothing is done here. */
  elsewhere?: boolean;
}

interface Going {
  slot: Slot;
  done: Promise<void>;
  stop: () => void;
  abort: () => void;
}

/** How often a run that a killed sweep has left going is looked at, in milliseconds. */
const LOOK_EVERY = 300;

/**
 * Makes the runs of a sweep on this machine, as many at once as fit, until each is finished, stopped or has failed as often as it
 * may. Each is a process of `npx glossa train`; one that goes on already is waited for.
 *
 * @returns the state of every run by its name.
 * @throws GlossaError IO_ERROR where the sweep's folder cannot be written or the disk of a run is full, SWEEP_INVALID where no run
 *   has halving's metric: the runs are stopped first.
 */
export async function runLocally(
  sweep: SweepRecord,
  configs: ReadonlyMap<number, ResolvedConfig>,
  options: LocalOptions,
): Promise<Map<string, RunState>> {
  const pool = await Pool.open(sweep, configs, options);
  return pool.work();
}

class Pool {
  private readonly slots: Slots;
  private readonly going = new Map<Work, Going>();
  private readonly peaks = new Map<string, number>();
  private readonly decisions: HalvingDecision[] = [];
  /** Names of the runs that go on after a step, and of those that do not. */
  private readonly kept = new Map<number, Set<string>>();
  private readonly stopped = new Map<number, Set<string>>();
  private failure: Error | undefined;
  /** Whether the runs have been told of it. */
  private failing = false;

  private constructor(
    private readonly sweep: SweepRecord,
    private readonly all: readonly Work[],
    decisions: readonly HalvingDecision[],
    private readonly options: LocalOptions,
  ) {
    decisions.forEach((decision) => {
      this.note(decision);
    });
    this.slots = new Slots(options.machine, sweep.spec.local);
  }

  static async open(
    sweep: SweepRecord,
    configs: ReadonlyMap<number, ResolvedConfig>,
    options: LocalOptions,
  ): Promise<Pool> {
    const states = await sweepState(sweep);
    const all = sweep.runs.map((run): Work => {
      const { state, step } = states.get(run.name)!;
      // What failed in an earlier call is tried again.
      return {
        run,
        step,
        attempts: 0,
        config: configs.get(run.index)!,
        maxSteps: optimizerSteps(configs.get(run.index)!),
        state: state === 'failed' ? 'interrupted' : state,
      };
    });
    return new Pool(sweep, all, await halvings(sweep.dir), options);
  }

  async work(): Promise<Map<string, RunState>> {
    const { stop, abort } = this.options;
    const each = (what: 'stop' | 'abort') => () => {
      for (const one of this.going.values()) one[what]();
    };
    const [stopAll, abortAll] = [each('stop'), each('abort')];
    stop.addEventListener('abort', stopAll);
    abort.addEventListener('abort', abortAll);
    try {
      for (const work of this.all) this.tell(work);
      for (;;) {
        await this.attempt(() => this.adoptRunning());
        if (this.failure === undefined && !stop.aborted) await this.attempt(() => this.decide());
        while (this.failure === undefined && !stop.aborted && (await this.attempt(() => this.startNext())));
        if (this.going.size === 0) break;
        if (this.failure !== undefined && !this.failing) {
          this.failing = true;
          stopAll(); // once: the second time a run ends without saving
        }
        await Promise.race([...this.going.values()].map(({ done }) => done));
      }
    } finally {
      stop.removeEventListener('abort', stopAll);
      abort.removeEventListener('abort', abortAll);
    }
    if (this.failure !== undefined) throw this.failure;
    return new Map(this.all.map(({ run, state }) => [run.name, state]));
  }

  /** A failure of the sweep itself (its disk is full) ends it, once the runs have ended. */
  private async attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
      return undefined;
    }
  }

  /** Runs begun before go first: most of their work is done. */
  private ready(): Work[] {
    const waiting = this.all.filter((work) => !this.going.has(work) && !work.elsewhere && this.wants(work));
    return waiting.sort((a, b) => Number(b.step > 0) - Number(a.step > 0) || a.attempts - b.attempts);
  }

  private wants({ state, step, run }: Work): boolean {
    if (state !== 'waiting' && state !== 'interrupted') return false;
    const rung = this.rungOf(run);
    return rung === undefined || step < rung;
  }

  /** @returns whether one was started. */
  private async startNext(): Promise<boolean> {
    const ready = this.ready();
    for (const work of ready) {
      const slot = this.slots.take(work.config, await this.peak(work.config), ready.length - 1);
      if (!slot) continue;
      try {
        await this.start(work, slot);
      } catch (error) {
        this.slots.free(slot);
        throw error;
      }
      return true;
    }
    return false;
  }

  /** Where a run's memory cannot be told, it fails by itself and says why. */
  private async peak(config: ResolvedConfig): Promise<number> {
    const shape = shapeOf(config);
    const known = this.peaks.get(shape);
    if (known !== undefined) return known;
    const peak = await peakOf(config, this.options.machine.node).catch(() => 0);
    this.peaks.set(shape, peak);
    return peak;
  }

  private async start(work: Work, slot: Slot): Promise<void> {
    const { run } = work;
    await this.log({ event: 'started', run: run.name, step: work.step });
    const child = await startRun(this.sweep, run, {
      ...slot,
      until: this.rungOf(run),
      tell: (event) => {
        if (event.type === 'start') [work.step, work.maxSteps] = [event.step, event.maxSteps];
        if (event.type === 'step') work.step = event.line.step;
        this.options.tell({ type: 'train', run, event });
      },
    });
    work.state = 'running';
    this.tell(work);
    const done = child.ended
      .then((exit) => this.attempt(() => this.end(work, exit)))
      .then(() => {
        this.slots.free(slot);
        this.going.delete(work);
      });
    const going: Going = { slot, done, stop: child.stop, abort: child.abort };
    this.going.set(work, going);
    this.passOn(going);
  }

  /** What was asked before it was there to hear. */
  private passOn({ stop, abort }: Going): void {
    if (this.options.stop.aborted || this.failing) stop();
    if (this.options.abort.aborted) abort();
  }

  private async adoptRunning(): Promise<void> {
    for (const work of this.all)
      if (work.state === 'running' && !this.going.has(work) && !work.elsewhere) await this.adopt(work);
  }

  /** A run that goes on without this sweep: a killed one has left it, or somebody else began it. */
  private async adopt(work: Work): Promise<void> {
    const holder = await runHolder(work.run.dir);
    if (holder && lifeOf(holder) === 'elsewhere') {
      work.elsewhere = true;
      return;
    }
    const signal = (name: NodeJS.Signals) => () => {
      try {
        if (holder && lifeOf(holder) === 'alive') process.kill(holder.pid, name);
      } catch {
        // It has just ended.
      }
    };
    const watch = () =>
      this.attempt(async () => {
        while ((await runHolder(work.run.dir)) !== undefined) {
          await wait(LOOK_EVERY);
          work.step = (await lookAtRun(work.run)).step;
        }
        const { state, step } = await lookAtRun(work.run);
        work.step = step;
        await this.settle(work, state === 'failed' ? 'interrupted' : state);
      });
    const slot = this.slots.occupy(coresOf(holder?.pid), await this.peak(work.config));
    const done = watch().then(() => {
      this.slots.free(slot);
      this.going.delete(work);
    });
    const going: Going = { slot, done, stop: signal('SIGINT'), abort: signal('SIGINT') };
    this.going.set(work, going);
    this.passOn(going);
  }

  private async end(work: Work, { error }: RunExit): Promise<void> {
    const { run } = work;
    const { state, step } = await lookAtRun(run);
    work.step = step;
    if (state === 'finished' || this.options.stop.aborted || error === undefined) return this.settle(work, state);
    // That of a run that was told to end is no failure of its own, however it ended: it may not have listened yet.
    if (this.failing) return this.settle(work, state === 'failed' ? 'interrupted' : state);
    // Another process was faster: it is waited for.
    if (error.code === 'RUN_LOCKED') {
      work.state = 'running';
      return;
    }
    // No other run would come further, and each would lose its attempts.
    if (saysDiskFull(error.message)) {
      const [message, ...hint] = error.message.split('\n');
      this.failure ??= new GlossaError('IO_ERROR', `run ${run.name}: ${message!}`, { hint: hint.join('\n').trim() });
      return this.settle(work, 'interrupted');
    }
    work.attempts++;
    await this.log({ event: 'failed', run: run.name, attempt: work.attempts, ...error });
    if (work.attempts > this.sweep.spec.local.retries) return this.settle(work, 'failed', error);
    work.state = 'interrupted';
    this.options.tell({ type: 'retry', run, attempt: work.attempts, error });
  }

  private async settle(work: Work, state: RunState, error?: { code: string; message: string }): Promise<void> {
    work.state = state;
    if (state === 'finished' || state === 'interrupted')
      await this.log({ event: state, run: work.run.name, step: work.step });
    this.tell(work, error);
    this.options.ended?.(work.run);
  }

  /** The step after which the run waits for the others' decision; undefined: it goes to its end. */
  private rungOf(run: SweepRun): number | undefined {
    return this.rungs().find((step) => this.kept.get(step)?.has(run.name) !== true);
  }

  private rungs(): number[] {
    return [...new Set(this.sweep.spec.halving?.at)].sort((a, b) => a - b);
  }

  /** Ends arms where all that are still in the race have come to the next step of comparison. */
  private async decide(): Promise<void> {
    const { halving } = this.sweep.spec;
    if (!halving) return;
    const works = new Map(this.all.map((work) => [work.run.name, work]));
    for (const step of this.rungs()) {
      const arms = armsOf(this.sweep.runs)
        .map((runs) => runs.map(({ name }) => works.get(name)!))
        .filter((arm) => !arm.every(({ state }) => state === 'stopped') || this.stoppedAt(arm, step));
      const racing = arms.flat();
      const arrived = (work: Work) =>
        !this.going.has(work) && (work.step >= step || ['finished', 'failed', 'stopped'].includes(work.state));
      if (!racing.every(arrived)) return;
      const earlier = this.decisions.filter((one) => one.step === step);
      const known = new Set(earlier.flatMap(({ kept, stopped }) => [...kept, ...stopped].flatMap(({ runs }) => runs)));
      if (racing.every(({ run }) => known.has(run.name))) continue;
      const compared = await Promise.all(
        arms.map(async (arm) => ({ runs: arm.map(({ run }) => run.name), value: await this.valueOf(arm, step) })),
      );
      if (compared.every(({ value }) => value === null)) {
        // Nothing was compared: they are tried again by the next call.
        if (racing.every(({ state }) => state === 'failed')) return;
        throw invalid(`halving.metric: no run has a value of ${halving.metric} up to step ${String(step)}`);
      }
      const decision = halve(compared, step, halving, earlier);
      await this.log(decision);
      this.note(decision);
      this.options.tell({ type: 'halved', decision });
      for (const name of decision.stopped.flatMap(({ runs }) => runs)) {
        const work = works.get(name)!;
        if (work.state !== 'interrupted' && work.state !== 'waiting') continue;
        await this.settle(work, 'stopped');
      }
    }
  }

  private note(decision: HalvingDecision): void {
    const { step, kept, stopped } = decision;
    this.decisions.push(decision);
    const names = (arms: typeof kept, before: Set<string> | undefined) =>
      new Set([...(before ?? []), ...arms.flatMap(({ runs }) => runs)]);
    this.kept.set(step, names(kept, this.kept.get(step)));
    this.stopped.set(step, names(stopped, this.stopped.get(step)));
  }

  private stoppedAt(arm: readonly Work[], step: number): boolean {
    return arm.some(({ run }) => this.stopped.get(step)?.has(run.name));
  }

  private async valueOf(arm: readonly Work[], step: number): Promise<number | null> {
    const values = await Promise.all(arm.map(({ run }) => metricAfter(run, step, this.sweep.spec.halving!)));
    const there = values.filter((value) => value !== null);
    return there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0) / there.length;
  }

  private log(event: SweepEvent): Promise<void> {
    return appendLog(this.sweep.dir, [event]);
  }

  private tell({ run, state, step, maxSteps }: Work, error?: { code: string; message: string }): void {
    const of = maxSteps ?? (state === 'finished' ? step : null);
    this.options.tell({ type: 'state', run, state, step, maxSteps: of, ...(error && { error }) });
  }
}
