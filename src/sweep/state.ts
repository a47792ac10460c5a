import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { lockHolder, type Holder } from '../base/lock.js';
import { readRecord, runFolder, stateOf } from '../run/index.js';
import { readLog, type HalvingDecision } from './log.js';
import type { SweepRecord, SweepRun } from './record.js';

/** `stopped` is an interrupted run that successive halving ended; the sweep knows. */
export type RunState = 'waiting' | 'running' | 'finished' | 'interrupted' | 'failed' | 'stopped';

/** Whether there is a run in the folder. */
export async function isBegun(dir: string): Promise<boolean> {
  const { record, recordCopy } = runFolder(dir);
  return (await exists(record)) || (await exists(recordCopy));
}

/**
 * The state of a run as its own folder tells it: run.json, and whether the process that has its lock is at work.
 *
 * @throws GlossaError RUN_CORRUPT, NOT_A_FILE, IO_ERROR.
 */
export async function runState(dir: string): Promise<Exclude<RunState, 'stopped'>> {
  if (await isBegun(dir)) return stateOf(dir, await readRecord(dir));
  return (await runHolder(dir)) ? 'running' : 'waiting';
}

/** The process that works on a run now, or may. @throws GlossaError NOT_A_FILE, IO_ERROR. */
export function runHolder(dir: string): Promise<Holder | undefined> {
  return lockHolder(runFolder(dir).lock);
}

/** State and last saved step of every run by its name, as the folders tell them, and what halving has stopped. */
export async function sweepState(sweep: SweepRecord): Promise<Map<string, { state: RunState; step: number }>> {
  const stopped = await stoppedRuns(sweep.dir);
  const states = new Map<string, { state: RunState; step: number }>();
  for (const run of sweep.runs) {
    const { state, step } = await lookAtRun(run);
    states.set(run.name, { state: stopped.has(run.name) ? stoppedState(state) : state, step });
  }
  return states;
}

/** The runs of a sweep that are still to be made: neither finished nor stopped by successive halving. */
export async function unfinishedRuns(sweep: SweepRecord): Promise<SweepRun[]> {
  const states = await sweepState(sweep);
  return sweep.runs.filter(({ name }) => !['finished', 'stopped'].includes(states.get(name)!.state));
}

/** The state of a run that halving has stopped: one that had finished by then has. */
export function stoppedState<State extends string>(state: State): State | 'stopped' {
  return state === 'interrupted' || state === 'failed' || state === 'waiting' ? 'stopped' : state;
}

/** Names of the runs that successive halving has stopped. */
export async function stoppedRuns(dir: string): Promise<Set<string>> {
  return new Set((await halvings(dir)).flatMap(({ stopped }) => stopped.flatMap(({ runs }) => runs)));
}

/** What successive halving has decided so far, the earliest first. */
export async function halvings(dir: string): Promise<HalvingDecision[]> {
  return (await readLog(dir)).filter((line): line is typeof line & HalvingDecision => line.event === 'halved');
}

/** What a run's folder says of it; one whose record is damaged has failed, and says so when it is started. */
export async function lookAtRun(run: SweepRun): Promise<{ state: Exclude<RunState, 'stopped'>; step: number }> {
  try {
    const state = await runState(run.dir);
    if (!(await isBegun(run.dir))) return { state, step: 0 };
    const { saved = 0 } = await readRecord(run.dir);
    return { state, step: saved };
  } catch (error) {
    if (error instanceof GlossaError) return { state: 'failed', step: 0 };
    throw error;
  }
}
