import { stat } from 'node:fs/promises';
import { GlossaError } from '../../base/error.js';
import { readRecord, readRun, runFolder } from '../../run/index.js';
import type { SweepRun } from '../record.js';
import { isBegun, runHolder, runState, stoppedState } from '../state.js';
import type { ReadRun } from './run_row.js';

/** What a run's folder looks like, without reading it: as long as that is the same, so is the run's row. */
export interface Look {
  stamp: string;
  /** Whether successive halving ended the run. */
  stopped: boolean;
}

export async function lookAt({ dir }: SweepRun, stopped: boolean): Promise<Look> {
  const { record, metrics, evaluations } = runFolder(dir);
  const [holder, ...files] = await Promise.all([
    runHolder(dir).catch(() => undefined),
    ...[record, metrics, evaluations].map(stampOf),
  ]);
  return { stamp: [...files, holder ? 'worked' : '', stopped ? 'stopped' : ''].join(' '), stopped };
}

async function stampOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? `${String(found.mtimeNs)}-${String(found.size)}` : '-';
}

/** Everything that a row is made of. */
export async function readLooked({ dir }: SweepRun, { stopped }: Look): Promise<ReadRun> {
  try {
    const found = await runState(dir);
    const state = stopped ? stoppedState(found) : found;
    if (!(await isBegun(dir))) return { state };
    return { state, record: await readRecord(dir), summary: await readRun(dir) };
  } catch (error) {
    if (!(error instanceof GlossaError)) throw error;
    return { state: 'broken', broken: { code: error.code, message: error.message } };
  }
}
