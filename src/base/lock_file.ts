import { randomBytes } from 'node:crypto';
import { link, lstat, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { ioError } from './atomic.js';
import { GlossaError } from './error.js';
import { namesIn } from './folder.js';
import { readTextIfThere } from './read_file.js';

const MOST_BYTES = 64 * 2 ** 10;

/** What a lock file says now; undefined where there is none. */
export async function readLockFile(path: string): Promise<string | undefined> {
  const text = await readTextIfThere(path, MOST_BYTES);
  if (text === undefined) await refuseLink(path);
  return text;
}

/** A link that leads nowhere is none of ours, and would be waited for without end. */
async function refuseLink(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isSymbolicLink())
    throw new GlossaError('NOT_A_FILE', `${path} is a link that leads nowhere; expected a regular file`, {
      hint: 'remove it',
    });
}

/**
 * Makes the file, open to write to, or undefined where there is one. By a hard link, so that nobody ever sees a lock without its
 * holder; on file systems that have none it is seen empty for an instant.
 */
export async function createLockFile(path: string, text: string): Promise<FileHandle | undefined> {
  const whole = `${path}.${randomBytes(4).toString('hex')}`;
  let handle: FileHandle | undefined;
  try {
    // Closed once: that is when a shared disk has it for other machines, and a disk of this one need not be waited for.
    await writeFile(whole, text, { flag: 'wx' });
    handle = await open(whole, 'r+');
    await link(whole, path);
    return handle;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    // NFS may make the link, lose its answer, and say at the second asking that it is there.
    if (code === 'EEXIST' && (await handle?.stat())?.nlink === 2) return handle;
    await handle?.close();
    if (code === 'EEXIST') return undefined;
    if (['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(code)) return createWithoutLinks(path, text);
    throw ioError('lock', path, error);
  } finally {
    await rm(whole, { force: true }).catch(() => undefined);
  }
}

async function createWithoutLinks(path: string, text: string): Promise<FileHandle | undefined> {
  try {
    const handle = await open(path, 'wx');
    await handle.writeFile(text);
    await handle.datasync();
    return handle;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw ioError('lock', path, error);
  }
}

/** Names of what processes that were killed in the middle of making the lock have left beside it, and of makings in progress. */
export async function unfinishedLocks(path: string): Promise<string[]> {
  const lock = basename(path);
  const names = await namesIn(dirname(path));
  return names.filter((name) => name.startsWith(`${lock}.`) && /^\.[0-9a-f]{8}$/.test(name.slice(lock.length)));
}
