import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Stats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { GlossaError } from './error.js';

/** Bytes that a file of settings, a template or a tokenizer may have. */
const MOST_BYTES = 256 * 2 ** 20;
/** A FIFO that takes the file's place after it was looked at must not stop the program. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;
const BLOCK_BYTES = 2 ** 16;

/**
 * Reads a whole file that has its place in memory. Links are followed. What is no regular file (folder, FIFO, device, socket)
 * is refused before it is opened, and what is too large before it is read.
 *
 * @param most Bytes it may have. Default 256 MiB.
 * @throws GlossaError `NOT_A_FILE`, `FILE_TOO_LARGE`, or `IO_ERROR` with the system's reason (there is no such file, no
 *   permission).
 */
export async function readFileWhole(path: string, most = MOST_BYTES): Promise<Buffer> {
  try {
    refuse(path, await stat(path), most);
    const handle = await open(path, FLAGS);
    try {
      const info = await handle.stat();
      refuse(path, info, most);
      const parts = new Parts(path, info, most);
      for (let block = parts.next(); ; block = parts.next()) {
        const { bytesRead } = await handle.read(block);
        if (!parts.took(bytesRead)) return parts.whole();
      }
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** {@link readFileWhole} as UTF-8. */
export async function readText(path: string, most = MOST_BYTES): Promise<string> {
  return (await readFileWhole(path, most)).toString('utf8');
}

/** {@link readText}, or undefined where there is no file of this name. */
export async function readTextIfThere(path: string, most = MOST_BYTES): Promise<string | undefined> {
  try {
    return await readText(path, most);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** {@link readText} for callers that cannot wait. */
export function readTextSync(path: string, most = MOST_BYTES): string {
  try {
    refuse(path, statSync(path), most);
    const fd = openSync(path, FLAGS);
    try {
      const info = fstatSync(fd);
      refuse(path, info, most);
      const parts = new Parts(path, info, most);
      while (parts.took(readSync(fd, parts.next())));
      return parts.whole().toString('utf8');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * For a file that is read as a stream, or by others.
 *
 * @param most Bytes it may have. Default: any number.
 * @throws GlossaError `NOT_A_FILE`, `FILE_TOO_LARGE`, or `IO_ERROR` where there is none.
 */
export async function requireFile(path: string, most = Infinity): Promise<void> {
  try {
    refuse(path, await stat(path), most);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Whether an error of these functions means that there is no file of this name. */
export function isMissing(error: unknown): boolean {
  const cause = (error as { cause?: NodeJS.ErrnoException } | undefined)?.cause;
  return cause?.code === 'ENOENT' || cause?.code === 'ENOTDIR';
}

function unreadable(path: string, cause: unknown): GlossaError {
  if (cause instanceof GlossaError) return cause;
  const denied = ['EACCES', 'EPERM'].includes((cause as NodeJS.ErrnoException).code ?? '');
  const hint = denied ? 'change its permissions, or name another file' : 'look whether the path is right';
  return new GlossaError('IO_ERROR', `cannot read ${path}: ${(cause as Error).message}`, { hint, cause });
}

function refuse(path: string, info: Stats, most: number): void {
  if (!info.isFile()) {
    throw new GlossaError('NOT_A_FILE', `${path} is ${kindOf(info)}; expected a regular file`, {
      hint: 'name a file, or a link to one',
    });
  }
  if (info.size > most) throw tooLarge(path, `${mebibytes(info.size)} MiB`, most);
}

function kindOf(info: Stats): string {
  if (info.isDirectory()) return 'a folder';
  if (info.isFIFO()) return 'a FIFO';
  if (info.isSocket()) return 'a socket';
  return 'a device';
}

function tooLarge(path: string, size: string, most: number): GlossaError {
  return new GlossaError('FILE_TOO_LARGE', `${path}: ${size}; such a file may have ${mebibytes(most)} MiB`, {
    hint: 'is it the file that you mean?',
  });
}

function mebibytes(bytes: number): string {
  return String(Number((bytes / 2 ** 20).toFixed(1)));
}

/** The bytes of a file as they come. Its size is a guess: a file may grow, and those under /proc say 0. */
class Parts {
  private readonly parts: Buffer[] = [];
  private size = 0;
  private block: Buffer;

  constructor(
    private readonly path: string,
    info: Stats,
    private readonly most: number,
  ) {
    this.block = Buffer.allocUnsafe(Math.max(info.size, 1));
  }

  /** Where the next bytes go. */
  next(): Buffer {
    return this.block;
  }

  /** So many bytes came; false at the end of the file. */
  took(bytes: number): boolean {
    this.parts.push(this.block.subarray(0, bytes));
    this.size += bytes;
    if (this.size > this.most) throw tooLarge(this.path, `more than ${mebibytes(this.most)} MiB`, this.most);
    this.block = bytes < this.block.length ? this.block.subarray(bytes) : Buffer.allocUnsafe(BLOCK_BYTES);
    return bytes > 0;
  }

  whole(): Buffer {
    return this.parts.length === 2 ? this.parts[0]! : Buffer.concat(this.parts, this.size);
  }
}
