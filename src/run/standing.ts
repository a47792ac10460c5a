import { lockHolder } from '../base/lock.js';
import { runFolder } from './folder.js';
import type { RunRecord } from './record.js';

/**
 * How a run stands. `running` only while a process has its lock: of one that was killed, run.json still says so, and it is
 * interrupted.
 */
export type RunState = RunRecord['status'];

/** @throws GlossaError IO_ERROR, NOT_A_FILE. */
export async function stateOf(dir: string, { status }: Pick<RunRecord, 'status'>): Promise<RunState> {
  if (await lockHolder(runFolder(dir).lock)) return 'running';
  return status === 'running' ? 'interrupted' : status;
}
