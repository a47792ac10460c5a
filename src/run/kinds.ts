import { lstat, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { GlossaError } from '../base/error.js';
import { namesIn } from '../base/folder.js';
import { stepOf, type RunFolder } from './folder.js';

/**
 * Looks whether what has the name of a run's file is a file, and what has that of a folder is one (or a link to one): otherwise a
 * run would find out when it is half put in another's place.
 *
 * @throws GlossaError RUN_CORRUPT naming what stands in the way.
 */
export async function requireKinds(folder: RunFolder): Promise<void> {
  const { rollouts, evaluations, checkpoints, reference, references, final, next, arriving } = folder;
  const folders = [rollouts, evaluations, checkpoints, reference, references, final, next, arriving];
  for (const dir of folders) await requireKind(dir, 'folder');
  for (const path of [folder.metrics, folder.record, folder.recordCopy]) await requireKind(path, 'file');
  for (const dir of [rollouts, evaluations]) {
    for (const name of await namesIn(dir)) if (stepOf(name) !== undefined) await requireKind(join(dir, name), 'file');
  }
  for (const name of await namesIn(checkpoints)) {
    if (/^\d{6,}$/.test(name)) await requireKind(join(checkpoints, name), 'folder');
  }
}

async function requireKind(path: string, kind: 'file' | 'folder'): Promise<void> {
  if ((await lstat(path).catch(() => undefined)) === undefined) return;
  const info = await stat(path).catch(() => undefined);
  if (kind === 'file' ? info?.isFile() : info?.isDirectory()) return;
  throw new GlossaError('RUN_CORRUPT', `${path}: a run has a ${kind} of this name, and this is none`, {
    hint: 'move it away, or choose another run.dir',
  });
}
