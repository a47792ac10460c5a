import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';

/** A process that has a lock, or that writes something. */
export interface ProcessName {
  pid: number;
  host: string;
  /** Start time of the process in clock ticks since boot (Linux), which tells a process from a later one of the same number. */
  born: string | null;
  /** The system's name of its boot and of the processes it sees (Linux): containers and copied machines share host names. */
  boot: string | null;
}

export const processSchema = z.object({
  // Of 0 and below the system would speak of groups of processes.
  pid: z.int().min(1),
  host: z.string(),
  born: z.string().nullable().default(null),
  boot: z.string().nullable().default(null),
}) satisfies z.ZodType<ProcessName>;

const BOOT = bootName();

/** This process, by a name that other processes and machines can read. */
export function thisProcess(): ProcessName {
  return { pid: process.pid, host: hostname(), born: bornAt(process.pid), boot: BOOT };
}

/** Undefined where the text names no process. */
export function parseProcess(text: string): ProcessName | undefined {
  try {
    return processSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // its writer was killed before it wrote
  }
}

/** `elsewhere`: on another machine, in another container, or before this machine started anew; from here nobody can say. */
export function lifeOf({ pid, host, born, boot }: ProcessName): 'alive' | 'gone' | 'elsewhere' {
  if (host !== hostname() || (boot !== null && BOOT !== null && boot !== BOOT)) return 'elsewhere';
  if (pid === process.pid && born === bornAt(pid)) return 'alive';
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'alive' : 'gone';
  }
  return born === null || born === bornAt(pid) ? 'alive' : 'gone';
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

function bootName(): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return null;
  }
}
