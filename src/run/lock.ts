import { readFileSync } from 'node:fs';
import { open, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ioError } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';

interface Holder {
  pid: number;
  host: string;
  /** Start time of the process in clock ticks since boot (Linux), which tells a process from a later one of the same number. */
  born: string | null;
}

/**
 * Takes the run's folder for this process, so that two never train in one. A lock whose process is gone (killed, crashed) is
 * taken over.
 *
 * @returns gives the lock back.
 * @throws GlossaError RUN_LOCKED naming the other process; IO_ERROR.
 */
export async function lockRun(path: string): Promise<() => Promise<void>> {
  const mine: Holder = { pid: process.pid, host: hostname(), born: bornAt(process.pid) };
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const handle = await open(path, 'wx');
      await handle.writeFile(JSON.stringify(mine));
      await handle.close();
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw ioError('lock', path, error);
    }
    const holder = await readHolder(path);
    if (holder && isAlive(holder)) {
      throw new GlossaError(
        'RUN_LOCKED',
        `${path}: process ${String(holder.pid)} on ${holder.host} is training in this folder`,
        {
          hint: `wait for it, choose another run.dir, or delete ${path} if that process is gone`,
        },
      );
    }
    await rm(path, { force: true });
  }
  throw new GlossaError('RUN_LOCKED', `${path}: several processes want this folder`, {
    hint: 'choose another run.dir',
  });
}

async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch {
    return undefined; // gone in the meantime, or its writer was killed before it wrote
  }
}

function isAlive({ pid, host, born }: Holder): boolean {
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
    // A zombie trains no more, though it still has its number.
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
