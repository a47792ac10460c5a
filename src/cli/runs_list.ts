import { relative, resolve, sep } from 'node:path';
import {
  foldersBelow,
  holds,
  overview,
  parseCondition,
  requireKnown,
  sortBy,
  type FoundFolder,
  type RunOverview,
} from '../analysis/index.js';
import { GlossaError } from '../base/error.js';
import { glanceAt } from '../run/index.js';
import { readSweep, stoppedRuns, stoppedState } from '../sweep/index.js';

const STATES = ['running', 'finished', 'interrupted', 'failed', 'stopped', 'broken'] as const;
type ListedState = (typeof STATES)[number];

/** A folder that should be a run's and cannot be read as one. */
export interface BrokenRun {
  kind: 'broken';
  path: string;
  dir: string;
  state: 'broken';
  code: string;
  error: string;
}

/** A sweep, and its runs by their state; `waiting` have not begun. */
export interface ListedSweep {
  kind: 'sweep';
  path: string;
  dir: string;
  /** Runs that it asks for; null where its sweep.json cannot be read. */
  total: number | null;
  runs: Partial<Record<ListedState | 'waiting', number>>;
  code: string | null;
  error: string | null;
}

/** What a list of runs shows. */
export interface RunList {
  sweeps: ListedSweep[];
  runs: RunOverview[];
  broken: BrokenRun[];
  /** Runs that were found, also those that are not listed. */
  all: number;
}

/** Which runs, and in what order. */
export interface Selection {
  /** States, with commas between. */
  state?: string;
  where: string[];
  sort?: string;
  reverse?: boolean;
}

/**
 * Runs and sweeps below a folder.
 *
 * @throws GlossaError RUN_NOT_FOUND where there is no such folder; USAGE for a state, a condition or a name that nothing has.
 */
export async function listRuns(dir: string, { state, where, sort, reverse = false }: Selection): Promise<RunList> {
  const states = statesOf(state);
  const conditions = where.map(parseCondition);
  const found = await foldersBelow(dir);
  const listed = await inParallel(
    found.filter(({ kind }) => kind !== 'sweep'),
    (folder) => look(folder, resolve(dir)),
  );
  const sweeps: ListedSweep[] = [];
  for (const sweep of found.filter(({ kind }) => kind === 'sweep'))
    sweeps.push(await lookAtSweep(sweep.dir, resolve(dir), listed));
  const runs = listed.filter((each) => each.kind === 'run');
  for (const { name } of conditions) requireKnown('where', name, runs);
  if (sort !== undefined) requireKnown('sort', sort, runs);
  const chosen = runs.filter((run) => states.includes(run.state) && conditions.every((each) => holds(each, run)));
  return {
    sweeps,
    runs: sortBy(chosen, sort ?? 'age', reverse),
    // Of what is broken nothing is known that a condition could hold of.
    broken: states.includes('broken') && conditions.length === 0 ? listed.filter((each) => each.kind === 'broken') : [],
    all: listed.length,
  };
}

function statesOf(text: string | undefined): readonly ListedState[] {
  if (text === undefined) return STATES;
  return text.split(',').map((word) => {
    const state = STATES.find((each) => each === word.trim());
    if (state === undefined)
      throw new GlossaError('USAGE', `--state ${text}: expected ${STATES.join(', ')}, or several with commas between`);
    return state;
  });
}

async function look(folder: FoundFolder, from: string): Promise<RunOverview | BrokenRun> {
  const broken = (code: string, error: string): BrokenRun => ({
    kind: 'broken',
    path: relative(from, folder.dir) || '.',
    dir: folder.dir,
    state: 'broken',
    code,
    error,
  });
  if (folder.kind === 'broken') return broken(folder.code, folder.message);
  try {
    return overview(await glanceAt(folder.dir), from, Date.now());
  } catch (error) {
    if (error instanceof GlossaError) return broken(error.code, error.message);
    throw error;
  }
}

/** Counts the runs of a sweep, and notes in the list which of them it has stopped. */
async function lookAtSweep(
  dir: string,
  from: string,
  listed: readonly (RunOverview | BrokenRun)[],
): Promise<ListedSweep> {
  const sweep: ListedSweep = {
    kind: 'sweep',
    path: relative(from, dir) || '.',
    dir,
    total: null,
    runs: {},
    code: null,
    error: null,
  };
  const begun = new Map(listed.filter((run) => run.dir.startsWith(`${dir}${sep}`)).map((run) => [run.dir, run]));
  try {
    const { runs } = await readSweep(dir);
    const stopped = await stoppedRuns(dir);
    for (const run of runs) {
      const found = begun.get(run.dir);
      if (found?.kind === 'run' && stopped.has(run.name)) found.state = stoppedState(found.state);
    }
    sweep.total = runs.length;
    const waiting = runs.filter((run) => !begun.has(run.dir)).length;
    if (waiting > 0) sweep.runs.waiting = waiting;
  } catch (error) {
    if (!(error instanceof GlossaError)) throw error;
    Object.assign(sweep, { code: error.code, error: error.message });
  }
  for (const { state } of begun.values()) sweep.runs[state] = (sweep.runs[state] ?? 0) + 1;
  return sweep;
}

/** Folders that are read at a time: enough for a disk of a network, and far from the most files that may be open. */
const AT_ONCE = 32;

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i]!);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
