import { randomBytes } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { GlossaError } from './error.js';

const HINTS: Partial<Record<string, string>> = {
  ENOSPC: 'The disk is full: free some space, then run the same command again.',
  EDQUOT: 'The disk quota is used up: free some space, then run the same command again.',
  EROFS: 'The file system is read-only: choose another folder.',
  EACCES: 'Permission denied: choose a folder you may write to, or change its permissions.',
  EPERM: 'Permission denied: choose a folder you may write to, or change its permissions.',
  ENOENT: 'Create the folder first.',
};

/** An `IO_ERROR` that names the file and what to do; what is already a `GlossaError` keeps its message. */
export function ioError(action: string, path: string, cause: unknown): GlossaError {
  if (cause instanceof GlossaError) return withHint(cause);
  const code = (cause as NodeJS.ErrnoException).code;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const hint = code === undefined ? undefined : HINTS[code];
  return new GlossaError('IO_ERROR', `cannot ${action} ${path}: ${reason}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Whether an error's text says that nothing more can be written where it wrote, whoever writes. */
export function saysDiskFull(text: string): boolean {
  return text.includes(HINTS['ENOSPC']!) || text.includes(HINTS['EDQUOT']!);
}

/** The engine's own errors of a full disk have the system's words, and no hint. */
function withHint(error: GlossaError): GlossaError {
  if (error.code !== 'IO_ERROR' || error.hint !== undefined || !error.message.endsWith('No space left on device'))
    return error;
  return new GlossaError(error.code, error.message, { cause: error, hint: HINTS['ENOSPC']! });
}

/** Makes a rename or a new entry in `dir` durable. File systems that cannot sync a folder are left to their own devices. */
export async function syncDirectory(dir: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(dir, 'r');
    await handle.sync();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EINVAL' && code !== 'EISDIR' && code !== 'EPERM' && code !== 'ENOTSUP') {
      throw ioError('sync the folder', dir, error);
    }
  } finally {
    await handle?.close();
  }
}

/** Name of a file that {@link writeFileAtomic} had not finished when its process was killed. */
export function isLeftOver(name: string): boolean {
  return /^\..+\.\d+-[0-9a-f]{8}\.tmp$/.test(name);
}

/**
 * Writes a whole file, given at once or piece by piece, so that at any instant, even across a crash, `path` is either its old
 * content or all of `data`: write to a temporary neighbour, fsync, rename, fsync of the folder. The folder must exist.
 *
 * @throws GlossaError `IO_ERROR` (disk full, read-only, no permission, no such folder); the temporary file is removed.
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const dir = dirname(path);
  const temporary = join(dir, `.${basename(path)}.${String(process.pid)}-${randomBytes(4).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      const parts = typeof data === 'string' || data instanceof Uint8Array ? [data] : data;
      for await (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw ioError('write', path, error);
  }
  await syncDirectory(dir);
}
