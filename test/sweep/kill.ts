import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { filesBelow, lastingMetrics, start, type Ended } from '../e2e/glossa.js';

/** What is killed: the process of the sweep alone, one run alone, or the sweep and every run. */
export const VICTIMS = ['sweep', 'run', 'all'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface Killing {
  /** Arguments of `glossa sweep`, with the folder. */
  args: readonly string[];
  out: string;
  /** What is killed, one after the other. */
  victims: readonly Victim[];
  /** Milliseconds to wait before each. */
  delay: () => number;
  /** From 0 to below 1. */
  random: () => number;
  tell?: (text: string) => void;
}

/**
 * Runs a sweep to its end, and kills parts of it (kill -9) on the way, each time while runs go on; called again after each kill that
 * ended it.
 *
 * @returns how the last call ended, and how many kills met runs: a sweep that is done cannot be killed any more.
 */
export async function killedSweep({
  args,
  out,
  victims,
  delay,
  random,
  tell,
}: Killing): Promise<Ended & { met: number }> {
  let sweep = start(args);
  let met = 0;
  for (const victim of victims) {
    await Promise.race([wait(delay()), sweep.ended]);
    let runs: number[] = [];
    let ended = false;
    void sweep.ended.then(() => (ended = true));
    while (runs.length === 0 && !ended) {
      runs = await runProcesses(sweep.child.pid!, out);
      await wait(10);
    }
    if (runs.length > 0) met++;
    if (victim !== 'run') sweep.child.kill('SIGKILL');
    const one = Math.floor(random() * runs.length);
    const chosen = { sweep: [], run: runs.slice(one, one + 1), all: runs }[victim];
    chosen.forEach(kill);
    tell?.(`killed ${victim} while ${String(runs.length)} runs went on`);
    if (victim === 'run') continue;
    await sweep.ended;
    sweep = start(args);
  }
  return { ...(await sweep.ended), met };
}

/** The processes of runs that the sweep has started, and those that an earlier call of it has left. */
async function runProcesses(sweep: number, out: string): Promise<number[]> {
  const found = new Set(childrenOf(sweep));
  for (const name of await readdir(join(out, 'runs')).catch(() => [])) {
    const text = await readFile(join(out, 'runs', name, 'run.lock'), 'utf8').catch(() => '');
    const pid = Number(/"pid":(\d+)/.exec(text)?.[1] ?? 0);
    // Of a process that is gone the number may be another's by now.
    if (isOfRun(pid, name)) found.add(pid);
  }
  return [...found];
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function isOfRun(pid: number, name: string): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').includes(name);
  } catch {
    return false;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/**
 * Holds the runs of two sweeps against each other: weights, optimizer state, rollouts, evaluations, metrics but for timings.
 *
 * @returns how many runs there are.
 */
export async function assertSameRuns(given: string, expected: string): Promise<number> {
  const names = (await readdir(join(expected, 'runs'))).sort();
  assert.deepEqual((await readdir(join(given, 'runs'))).sort(), names);
  for (const name of names) {
    const [got, wanted] = [join(given, 'runs', name), join(expected, 'runs', name)];
    const [there, whole] = [await lastingFiles(got), await lastingFiles(wanted)];
    assert.deepEqual([...there.keys()].sort(), [...whole.keys()].sort(), name);
    for (const [file, bytes] of whole) assert.ok(there.get(file)!.equals(bytes), `${name}/${file} differs`);
    assert.deepEqual(await lastingMetrics(got), await lastingMetrics(wanted), name);
  }
  return names.length;
}

async function lastingFiles(run: string): Promise<Map<string, Buffer>> {
  const files = await filesBelow(run);
  return new Map([...files].filter(([name]) => /\.(safetensors|parquet)$/.test(name)));
}
