import { cp, rename, rm, rmdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ioError, syncDirectory } from '../base/atomic.js';
import { exists } from '../base/exists.js';
import { namesIn } from '../base/folder.js';
import type { RunFolder } from './folder.js';
import { removeRun } from './remove.js';

/**
 * Puts the run that was begun in `.next` in the place of the one in the folder. From the rename on it is decided: whoever finds
 * `.arriving` goes on with it, so that a process killed at any instant leaves the one run whole or the other.
 */
export async function arrive(folder: RunFolder): Promise<void> {
  await rename(folder.next, folder.arriving);
  await syncDirectory(folder.dir);
  await finishArrival(folder);
}

/** Goes on with {@link arrive} where a process was killed in it. The folder must be locked. */
export async function finishArrival(folder: RunFolder): Promise<void> {
  if (!(await exists(folder.arriving))) return;
  // run.json comes last and goes last: while it lies in .arriving, one in the folder is the old run's.
  const record = basename(folder.record);
  if (await exists(join(folder.arriving, record))) {
    if (await exists(folder.record)) await removeRun(folder);
    for (const name of (await namesIn(folder.arriving)).filter((each) => each !== record))
      await move(join(folder.arriving, name), join(folder.dir, name));
    await move(join(folder.arriving, record), folder.record);
    await syncDirectory(folder.dir);
  }
  await rm(folder.arriving, { recursive: true, force: true });
}

/** Moves a file or folder; into a folder that is there already (others may have files in it) what is in it. */
async function move(from: string, to: string): Promise<void> {
  const there = await stat(to).catch(() => undefined);
  if (!there?.isDirectory()) {
    return rename(from, to).catch(async (error: unknown) => {
      // A folder of the run may be a link to another disk.
      if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw ioError('move', from, error);
      await cp(from, to, { recursive: true });
      await rm(from, { recursive: true });
    });
  }
  for (const name of await namesIn(from)) await move(join(from, name), join(to, name));
  await rmdir(from);
}
