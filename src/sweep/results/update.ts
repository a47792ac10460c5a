import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { isLeftOver, writeFileAtomic } from '../../base/atomic.js';
import { exists } from '../../base/exists.js';
import { makeFolder, namesIn } from '../../base/folder.js';
import { LockClaim } from '../../base/lock.js';
import type { RunSummary } from '../../run/index.js';
import type { SweepRecord, SweepRun } from '../record.js';
import { stoppedRuns } from '../state.js';
import { baselineOf } from './baseline.js';
import { axisColumns, type Column, type Table } from './columns.js';
import { resultsFolder, type ResultsFolder } from './folder.js';
import { readKnownRows, writeKnownRows, type KnownRows } from './known_rows.js';
import { lookAt, readLooked, type Look } from './look.js';
import { runRow } from './run_row.js';
import { stepTable } from './step_table.js';
import { csvText, parquetBytes } from './table.js';

/** Updates of each sweep's results that this process is at, and the one that waits: it sees what those who asked meanwhile have done. */
const updates = new Map<string, { running: Promise<Table>; next?: Promise<Table> }>();

/**
 * Brings results/ up to date with the runs' folders: runs.parquet and runs.csv, one row a run, and steps/<run>.parquet, one row a
 * step. Only runs whose files or state have changed are read. To be called when a run ends, and every so often while runs go on;
 * by any number of processes and machines at once. Each file is whole at any instant; one that a kill kept from being written is
 * written by the next call.
 *
 * @returns the table of the runs.
 * @throws GlossaError IO_ERROR (a disk that fails, is full or read-only): what stood there stays.
 */
export async function updateResults(sweep: SweepRecord): Promise<Table> {
  const at = updates.get(sweep.dir);
  if (at?.next) return at.next;
  if (at) {
    at.next = at.running.catch(() => undefined).then(() => begin(sweep));
    return at.next;
  }
  return begin(sweep);
}

function begin(sweep: SweepRecord): Promise<Table> {
  const running = underLock(sweep).finally(() => {
    if (updates.get(sweep.dir)?.running === running && !updates.get(sweep.dir)?.next) updates.delete(sweep.dir);
  });
  updates.set(sweep.dir, { running });
  return running;
}

/** Milliseconds that other machines are waited for. Without the lock nothing breaks: the later of two writers may not know of a row. */
const PATIENCE = 20_000;

async function underLock(sweep: SweepRecord): Promise<Table> {
  const folder = resultsFolder(sweep.dir);
  await makeFolder(folder.steps);
  const claim = new LockClaim(folder.lock);
  const began = performance.now();
  let attempt = await claim.try();
  while (attempt.state !== 'taken' && performance.now() - began < PATIENCE) {
    await wait(100);
    attempt = await claim.try();
  }
  try {
    return await update(sweep, folder);
  } finally {
    if (attempt.state === 'taken') await attempt.lock.release();
  }
}

async function update(sweep: SweepRecord, folder: ResultsFolder): Promise<Table> {
  const axes = axisColumns(sweep);
  const looks = await lookAtAll(sweep);
  const known = await readKnownRows(folder.known);
  const rows: KnownRows = new Map();
  let changed = false;
  for (const run of sweep.runs) {
    const baseline = baselineOf(sweep, run);
    const look = looks.get(run.name)!;
    const stamp = JSON.stringify([look.stamp, baseline && looks.get(baseline.name)!.stamp, run, axes]);
    const before = known.get(run.name);
    if (before?.stamp === stamp) rows.set(run.name, before);
    else {
      rows.set(run.name, { stamp, row: await makeRow(run, look, axes, folder, await summaryOf(baseline, looks)) });
      changed = true;
    }
  }
  const table = tableOf(rows);
  if (changed || known.size !== rows.size || !(await isWhole(folder))) {
    await writeFileAtomic(folder.parquet, await parquetBytes(table));
    await writeFileAtomic(folder.csv, csvText(table));
    // Last: what was not written for a kill in between is written again.
    await writeKnownRows(folder.known, rows);
    await sweepAway(sweep, folder);
  }
  return table;
}

async function lookAtAll(sweep: SweepRecord): Promise<Map<string, Look>> {
  const stopped = await stoppedRuns(sweep.dir);
  const looks = new Map<string, Look>();
  for (let i = 0; i < sweep.runs.length; i += 64) {
    const some = sweep.runs.slice(i, i + 64);
    const found = await Promise.all(some.map((run) => lookAt(run, stopped.has(run.name))));
    some.forEach((run, k) => looks.set(run.name, found[k]!));
  }
  return looks;
}

/** Reads a run, writes its steps, and gives its row. */
async function makeRow(
  run: SweepRun,
  look: Look,
  axes: readonly Column[],
  folder: ResultsFolder,
  baseline: RunSummary | undefined,
) {
  const read = await readLooked(run, look);
  if (read.summary && read.summary.metrics.length > 0)
    await writeFileAtomic(folder.stepsOf(run.name), await parquetBytes(stepTable(run, axes, read.summary.metrics)));
  else await rm(folder.stepsOf(run.name), { force: true });
  return runRow(run, axes, read, baseline);
}

async function summaryOf(run: SweepRun | undefined, looks: Map<string, Look>): Promise<RunSummary | undefined> {
  return run && (await readLooked(run, looks.get(run.name)!)).summary;
}

/** All columns that any run has, in the order of the runs that first have them; rows by index. */
function tableOf(known: KnownRows): Table {
  const rows = [...known.values()].map(({ row }) => row);
  const columns = new Map(rows.flatMap((row) => row.columns).map((column) => [column.name, column]));
  return { columns: [...columns.values()], rows: rows.map(({ row }) => row) };
}

async function isWhole({ parquet, csv }: ResultsFolder): Promise<boolean> {
  return (await exists(parquet)) && (await exists(csv));
}

/** Milliseconds after which what a writer has not finished is nobody's. */
const ABANDONED = 3_600_000;

/** Removes steps of runs that the sweep has no more, and what killed writers left behind. */
async function sweepAway({ runs }: SweepRecord, folder: ResultsFolder): Promise<void> {
  const names = new Set(runs.map(({ name }) => `${name}.parquet`));
  for (const name of await namesIn(folder.steps))
    if (name.endsWith('.parquet') && !names.has(name)) await rm(join(folder.steps, name), { force: true });
  for (const dir of [folder.dir, folder.steps]) {
    for (const name of (await namesIn(dir)).filter(isLeftOver)) {
      const made = (await stat(join(dir, name)).catch(() => undefined))?.mtimeMs ?? Infinity;
      if (Date.now() - made > ABANDONED) await rm(join(dir, name), { force: true });
    }
  }
}
