import { rm } from 'node:fs/promises';
import { GlossaError } from '../base/error.js';
import { appendLog, type SweepEvent } from './log.js';
import type { SweepPlan } from './plan.js';
import { findSweep, writeSweep, type SweepRun } from './record.js';
import { runHolder } from './state.js';

/**
 * Makes a folder the sweep's: writes sweep.json, and clears runs that were edited and are to begin anew. For who has the sweep's
 * lock; after a kill at any instant the same call does the rest.
 *
 * @throws GlossaError RUN_LOCKED where a run that is to begin anew goes on still; IO_ERROR.
 */
export async function prepareSweep({ record, added, changed, left }: SweepPlan): Promise<void> {
  for (const { run } of changed) await requireIdle(run);
  // While sweep.json still tells of them as they were, so that a killed call asks for the others again.
  for (const { run } of changed) await rm(run.dir, { recursive: true, force: true });
  const before = await findSweep(record.dir);
  if (JSON.stringify(before) !== JSON.stringify(record)) await writeSweep(record);
  const event =
    (name: 'added' | 'left' | 'restarted') =>
    ({ name: run }: { name: string }): SweepEvent => ({ event: name, run });
  await appendLog(record.dir, [
    ...added.map(event('added')),
    ...left.map(event('left')),
    ...changed.map(({ run }) => event('restarted')(run)),
  ]);
}

async function requireIdle({ dir }: SweepRun): Promise<void> {
  const holder = await runHolder(dir);
  if (!holder) return;
  const { pid, host } = holder;
  throw new GlossaError('RUN_LOCKED', `${dir}: process ${String(pid)} on ${host} trains in this folder still`, {
    hint: `\`kill -INT ${String(pid)}\` there lets it finish its step; then the same command begins the run anew`,
  });
}
