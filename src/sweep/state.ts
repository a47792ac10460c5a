import { exists } from '../base/exists.js';
import { lifeOf, parseProcess, type ProcessName } from '../base/process.js';
import { readTextIfThere } from '../base/read_file.js';
import { readRecord, runFolder } from '../run/index.js';
import { readLog, stoppedRuns } from './log.js';
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
 * @throws GlossaError RUN_CORRUPT, IO_ERROR.
 */
export async function runState(dir: string): Promise<Exclude<RunState, 'stopped'>> {
  const worked = (await runHolder(dir)) !== undefined;
  if (!(await isBegun(dir))) return worked ? 'running' : 'waiting';
  const { status } = await readRecord(dir);
  if (worked) return 'running';
  return status === 'running' ? 'interrupted' : status;
}

/** The process that works on a run now, or may: of one on another machine that cannot be known from here. */
export async function runHolder(dir: string): Promise<ProcessName | undefined> {
  const text = await readTextIfThere(runFolder(dir).lock).catch(() => undefined);
  const holder = text === undefined ? undefined : parseProcess(text);
  return holder && lifeOf(holder) !== 'gone' ? holder : undefined;
}

/** The runs of a sweep that are still to be made: neither finished nor stopped by successive halving. */
export async function unfinishedRuns({ dir, runs }: SweepRecord): Promise<SweepRun[]> {
  const stopped = stoppedRuns(await readLog(dir));
  const unfinished: SweepRun[] = [];
  for (const run of runs) if (!stopped.has(run.name) && (await runState(run.dir)) !== 'finished') unfinished.push(run);
  return unfinished;
}
