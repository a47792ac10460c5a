import { mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { makeFolder, namesIn } from '../base/folder.js';
import { runFolder, stepOf, writeRecord, type MetricsLine, type RunFolder, type RunRecord } from '../run/index.js';

/**
 * A folder that stands for a run as it was after a step: its checkpoint of that step (none of step 0), its reference, and what lies
 * before them, as links; run.json and metrics are its own. What is played in it leaves the run alone.
 *
 * @returns the folder, in the system's folder for temporary files.
 */
export async function replicaOf(
  run: RunFolder,
  record: RunRecord,
  lines: readonly MetricsLine[],
  step: number,
): Promise<RunFolder> {
  const replica = runFolder(await mkdtemp(join(tmpdir(), 'glossa-verify-')));
  const { saved: _saved, ended: _ended, error: _error, ...rest } = record;
  if (step > 0) await linkFiles(run.checkpoint(step), replica.checkpoint(step));
  await linkFiles(run.reference, replica.reference);
  for (const name of await namesIn(run.references))
    if ((stepOf(name) ?? Infinity) <= step) await linkFiles(join(run.references, name), join(replica.references, name));
  const before = (name: string) => (stepOf(name) ?? Infinity) <= step && step > 0;
  await linkFiles(run.rollouts, replica.rollouts, before);
  await linkFiles(run.evaluations, replica.evaluations, before);
  const kept = step > 0 ? lines.filter((line) => line.step <= step) : [];
  await writeFileAtomic(replica.metrics, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await writeRecord(replica, { ...rest, status: 'interrupted', ...(step > 0 && { saved: step }) });
  return replica;
}

/** Links to the files of a folder; where there is none, or none of these, nothing. */
async function linkFiles(from: string, to: string, wanted: (name: string) => boolean = () => true): Promise<void> {
  const names = (await namesIn(from)).filter(wanted);
  if (names.length === 0) return;
  await makeFolder(to);
  for (const name of names) await symlink(join(from, basename(name)), join(to, name));
}
