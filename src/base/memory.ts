import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { least } from './extremes.js';

/** Where the system tells about memory; other folders in tests. */
export interface MemoryFiles {
  meminfo: string;
  cgroup: string;
  mount: string;
}
const SYSTEM: MemoryFiles = { meminfo: '/proc/meminfo', cgroup: '/proc/self/cgroup', mount: '/sys/fs/cgroup' };

/**
 * Bytes this process may still take without swapping: MemAvailable of the system, or less where a cgroup (v2 or v1) limits
 * it, its file cache not counted as taken. Undefined where the system does not tell.
 */
export async function availableMemory(files: MemoryFiles = SYSTEM): Promise<number | undefined> {
  const meminfo = await text(files.meminfo);
  const available = /^MemAvailable:\s+(\d+) kB/m.exec(meminfo ?? '')?.[1];
  const limits = [available === undefined ? Infinity : Number(available) * 1024];
  for (const line of (await text(files.cgroup))?.split('\n') ?? []) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    if (controllers === '') limits.push(...(await room(files.mount, path, V2)));
    else if (controllers!.split(',').includes('memory'))
      limits.push(...(await room(join(files.mount, 'memory'), path, V1)));
  }
  const smallest = least(limits);
  return smallest === Infinity ? undefined : Math.max(smallest, 0);
}

interface Names {
  limit: string;
  used: string;
  /** In memory.stat. */
  cache: string;
}
const V2: Names = { limit: 'memory.max', used: 'memory.current', cache: 'inactive_file' };
const V1: Names = { limit: 'memory.limit_in_bytes', used: 'memory.usage_in_bytes', cache: 'total_inactive_file' };

/** What is left of each limit from the group to the root. In a container often only the mount itself is there. */
async function room(mount: string, path: string, names: Names): Promise<number[]> {
  const left: number[] = [];
  const parts = path.split('/').filter((part) => part !== '');
  for (let depth = parts.length; depth >= 0; depth--) {
    const dir = join(mount, ...parts.slice(0, depth));
    const limit = Number(await text(join(dir, names.limit)));
    if (!(limit > 0)) continue; // "max", or no such file
    const used = Number((await text(join(dir, names.used))) ?? 0);
    const cache = new RegExp(`^${names.cache} (\\d+)`, 'm').exec((await text(join(dir, 'memory.stat'))) ?? '')?.[1];
    left.push(limit - used + Number(cache ?? 0));
  }
  return left;
}

async function text(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
