import { rmdir } from 'node:fs/promises';
import { namesIn } from '../base/folder.js';
import { checkpointSteps, removeTemporary } from './checkpoint.js';
import { stepOf, type RunFolder } from './folder.js';
import { removeModelFolder } from './model_folder.js';
import { readState } from './state.js';

/** Removes the moved references that no checkpoint goes on from; where a checkpoint cannot be read, none. */
export async function pruneReferences(run: RunFolder): Promise<void> {
  const used = new Set<number>();
  for (const step of await checkpointSteps(run)) {
    const state = await readState(run.checkpoint(step)).catch(() => undefined);
    if (state === undefined) return;
    if (state.reference) used.add(state.reference.step);
  }
  await removeReferences(run, (step) => !used.has(step));
}

/** Removes the moved references of these steps, and what a killed process had not finished. */
export async function removeReferences(run: RunFolder, gone: (step: number) => boolean): Promise<void> {
  await removeTemporary(run.references);
  for (const name of await namesIn(run.references)) {
    const step = stepOf(name);
    if (step !== undefined && gone(step)) await removeModelFolder(run.referenceAfter(step));
  }
  await rmdir(run.references).catch(() => undefined); // not empty, or not there
}
