import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isLeftOver } from '../base/atomic.js';
import { namesIn } from '../base/folder.js';
import { checkpointSteps, removeTemporary } from './checkpoint.js';
import { stepOf, type RunFolder } from './folder.js';
import { removeModelFolder } from './model_folder.js';
import { removeReferences } from './references.js';
import { removeReport } from './remove_report.js';

/** Removes what a run wrote, and nothing else that lies in the folder. run.json goes last: until then it is a run's. */
export async function removeRun(folder: RunFolder): Promise<void> {
  for (const dir of [folder.rollouts, folder.evaluations]) {
    for (const name of await namesIn(dir)) if (stepOf(name) !== undefined) await rm(join(dir, name), { force: true });
  }
  for (const step of await checkpointSteps(folder)) await removeModelFolder(folder.checkpoint(step));
  for (const dir of [folder.reference, folder.base, folder.final]) await removeModelFolder(dir);
  await removeReferences(folder, () => true);
  await removeLeftOvers(folder);
  for (const dir of [folder.rollouts, folder.evaluations, folder.checkpoints]) await rmdir(dir).catch(() => undefined);
  await removeReport(folder);
  for (const path of [folder.summary, folder.profile, folder.metrics, folder.recordCopy, folder.record])
    await rm(path, { force: true });
}

/** Files of steps past `step`, and all where that is 0, will be made again: they go. */
export async function removeLater(dir: string, step: number): Promise<void> {
  for (const name of await namesIn(dir)) {
    const at = stepOf(name);
    if (at !== undefined && (at > step || step === 0)) await rm(join(dir, name), { force: true });
  }
}

/** Removes what a killed process had not finished: dotted files and folders of the names that glossa gives them. */
export async function removeLeftOvers(folder: RunFolder): Promise<void> {
  for (const dir of [folder.dir, folder.rollouts, folder.evaluations]) {
    for (const name of await namesIn(dir)) if (isLeftOver(name)) await rm(join(dir, name), { force: true });
  }
  for (const dir of [folder.dir, folder.checkpoints]) await removeTemporary(dir);
}

/** What of a run lies in the folder, by name, its record aside. */
export async function remnantsOf(folder: RunFolder): Promise<string[]> {
  const found: string[] = [];
  const inside = await namesIn(folder.dir);
  if (inside.includes('metrics.jsonl')) found.push('metrics.jsonl');
  for (const dir of [folder.rollouts, folder.evaluations]) {
    const file = (await namesIn(dir)).find((name) => stepOf(name) !== undefined);
    if (file !== undefined) found.push(join(dir, file).slice(folder.dir.length + 1));
  }
  const [step] = await checkpointSteps(folder);
  if (step !== undefined) found.push(folder.checkpoint(step).slice(folder.dir.length + 1));
  for (const dir of [folder.reference, folder.base, folder.final]) {
    if ((await namesIn(dir)).length > 0) found.push(dir.slice(folder.dir.length + 1));
  }
  return found;
}
