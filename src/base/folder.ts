import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ioError } from './atomic.js';
import { GlossaError } from './error.js';

/**
 * Makes a folder and those above it that are not there. Level by level: Node's own recursive mkdir never ends where the
 * system says of a folder that is there that it is not, as /proc does.
 *
 * @returns the folders made, from the outermost.
 * @throws GlossaError IO_ERROR.
 */
export async function makeFolder(dir: string): Promise<string[]> {
  if (await isFolder(dir)) return [];
  const above = dirname(dir);
  const made = above === dir ? [] : await makeFolder(above);
  try {
    await mkdir(dir);
    return [...made, dir];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await isFolder(dir))) return made; // another process was faster
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new GlossaError('IO_ERROR', `cannot make ${dir}: ${above} takes no folders`, {
        hint: 'choose a folder on a disk',
        cause: error,
      });
    throw ioError('make', dir, error);
  }
}

async function isFolder(dir: string): Promise<boolean> {
  const found = await stat(dir).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw ioError('make', dir, error);
  });
  if (found === undefined) return false;
  if (found.isDirectory()) return true;
  throw new GlossaError('IO_ERROR', `cannot make the folder ${dir}: there is a file of this name`, {
    hint: 'choose another folder',
  });
}

/** Names of what lies in a folder; of one that is not there none. @throws GlossaError IO_ERROR. */
export async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw ioError('read', dir, error);
  }
}
