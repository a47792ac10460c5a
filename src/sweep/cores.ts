import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The cores that a process may use, by number (Linux); elsewhere as many as the system says, from 0. */
export function coresOf(pid: number | 'self' = 'self'): number[] {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
    const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(status)?.[1];
    if (list !== undefined) return parseCoreList(list);
  } catch {
    // No Linux, or the process is gone.
  }
  return Array.from({ length: availableParallelism() }, (_, i) => i);
}

/** `0-3,8` as numbers. */
export function parseCoreList(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, i) => first! + i);
  });
}

/** Whether `taskset` is here and may be used. */
export function canPin(cores: readonly number[]): boolean {
  if (process.platform !== 'linux' || cores.length === 0) return false;
  return spawnSync('taskset', ['-c', cores.join(','), 'true'], { stdio: 'ignore' }).status === 0;
}
