import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, lstat, open, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ioError } from './atomic.js';
import { GlossaError } from './error.js';
import { namesIn } from './folder.js';
import { readTextIfThere } from './read_file.js';

/** Of a lock. */
const MOST_BYTES = 64 * 2 ** 10;

/** The process that has a lock, or that writes something. */
export interface Holder {
  pid: number;
  host: string;
  /** Start time of the process in clock ticks since boot (Linux), which tells a process from a later one of the same number. */
  born: string | null;
}

export type LockAttempt = { taken: true; release: () => Promise<void> } | { taken: false; holder: Holder | undefined };

/**
 * Takes a lock file for this process, or says who has it (undefined: several processes want it just now). A lock whose
 * process is gone (killed, crashed) is taken over; one of another machine never is. The folder must exist.
 *
 * @throws GlossaError IO_ERROR; NOT_A_FILE, FILE_TOO_LARGE where something else has the lock's name.
 */
export async function tryLock(path: string): Promise<LockAttempt> {
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await create(path, JSON.stringify(thisProcess()))) {
      await removeLeftOvers(path);
      return { taken: true, release: () => rm(path, { force: true }).catch(() => undefined) };
    }
    const text = await readTextIfThere(path, MOST_BYTES);
    if (text === undefined) {
      await refuseLink(path);
      continue; // given back in the meantime
    }
    const holder = parseHolder(text);
    if (holder && isAlive(holder)) return { taken: false, holder };
    await removeStale(path, text);
  }
  return { taken: false, holder: undefined };
}

/** A link that leads nowhere is none of ours, and would be waited for without end. */
async function refuseLink(path: string): Promise<void> {
  const info = await lstat(path).catch(() => undefined);
  if (info?.isSymbolicLink())
    throw new GlossaError('NOT_A_FILE', `${path} is a link that leads nowhere; expected a regular file`, {
      hint: 'remove it',
    });
}

/** This process, as its locks name it. */
export function thisProcess(): Holder {
  return { pid: process.pid, host: hostname(), born: bornAt(process.pid) };
}

/** False where the file is there. By a hard link, so that nobody ever sees a lock without its holder. */
async function create(path: string, text: string): Promise<boolean> {
  const whole = `${path}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(whole, text, { flag: 'wx' });
    await link(whole, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EOPNOTSUPP')
      return createWithoutLinks(path, text);
    throw ioError('lock', path, error);
  } finally {
    await rm(whole, { force: true }).catch(() => undefined);
  }
}

async function createWithoutLinks(path: string, text: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx');
    await handle.writeFile(text);
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw ioError('lock', path, error);
  }
}

/** A process that was killed while it removed a lock is not waited for longer than this, in milliseconds. */
const BREAKING_TAKES = 10_000;

/**
 * Removes the lock that was seen, and not one that another process has put in its place since: only who has the file beside
 * it removes a stale lock, and looks again first.
 */
async function removeStale(path: string, seen: string): Promise<void> {
  const breaking = `${path}.breaking`;
  if (!(await create(breaking, ''))) {
    if (await isOld(breaking)) await rm(breaking, { force: true });
    return;
  }
  try {
    if ((await readTextIfThere(path, MOST_BYTES).catch(() => undefined)) === seen) await rm(path, { force: true });
  } finally {
    await rm(breaking, { force: true });
  }
}

/** Removes what processes that were killed in the middle of locking have left beside the lock. */
async function removeLeftOvers(path: string): Promise<void> {
  const [dir, lock] = [dirname(path), basename(path)];
  for (const name of await namesIn(dir)) {
    if (!name.startsWith(`${lock}.`) || !/^\.(breaking|(breaking\.)?[0-9a-f]{8})$/.test(name.slice(lock.length)))
      continue;
    if (await isOld(join(dir, name))) await rm(join(dir, name), { force: true });
  }
}

/** Its time may lie ahead: of another machine's clock, or of before this one was set back. */
async function isOld(path: string): Promise<boolean> {
  const since = (await stat(path).catch(() => undefined))?.mtimeMs;
  return since !== undefined && Math.abs(Date.now() - since) > BREAKING_TAKES;
}

const holderSchema: z.ZodType<Holder> = z.object({
  // Of 0 and below the system would speak of groups of processes.
  pid: z.int().min(1),
  host: z.string(),
  born: z.string().nullable().default(null),
});

/** Undefined where the text is no holder's. */
export function parseHolder(text: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // its writer was killed before it wrote
  }
}

/** Whether that process may still be at work; of another machine's that is never known, and so it may. */
export function isAlive({ pid, host, born }: Holder): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid && born === bornAt(pid)) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return born === null || born === bornAt(pid);
}

function bornAt(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie works no more, though it still has its number.
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
