import { open } from 'node:fs/promises';
import { ioError } from '../base/atomic.js';
import { readTextIfThere } from '../base/read_file.js';
import { sweepFolder } from './folder.js';

/** A line of sweep.log.jsonl: what happened, when, and to which run. */
export type SweepEvent = { run?: string } & (
  | { event: 'added' | 'left' | 'restarted' | 'started' | 'finished' | 'interrupted'; run: string; step?: number }
  | { event: 'failed'; run: string; attempt: number; code: string; message: string }
  | { event: 'retried'; run: string; attempt: number }
  | { event: 'submitted'; job: string; runs: string[] }
  | HalvingDecision
);

/** What successive halving decided after a step. */
export interface HalvingDecision {
  event: 'halved';
  /** Step of the comparison. */
  step: number;
  /** Arms that go on and arms that stop, each with the runs of all its seeds and its value of the metric. */
  kept: HalvingArm[];
  stopped: HalvingArm[];
}

export interface HalvingArm {
  runs: string[];
  /** Mean over its seeds; null where none has the metric. */
  value: number | null;
}

export type LoggedEvent = SweepEvent & { time: string };

/** Appends lines whole, and waits until they are on the disk. @throws GlossaError IO_ERROR. */
export async function appendLog(dir: string, events: readonly SweepEvent[]): Promise<void> {
  if (events.length === 0) return;
  const path = sweepFolder(dir).log;
  const time = new Date().toISOString();
  const lines = events.map((event) => `${JSON.stringify({ time, ...event })}\n`).join('');
  try {
    const handle = await open(path, 'a+');
    try {
      const { size } = await handle.stat();
      const last = Buffer.alloc(1);
      if (size > 0) await handle.read(last, 0, 1, size - 1);
      // A line that was cut off by a crash ends here.
      await handle.write(size > 0 && last[0] !== 10 ? `\n${lines}` : lines);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw ioError('write', path, error);
  }
}

/** All whole lines of sweep.log.jsonl, the oldest first. @throws GlossaError IO_ERROR. */
export async function readLog(dir: string): Promise<LoggedEvent[]> {
  const text = (await readTextIfThere(sweepFolder(dir).log, 2 ** 30)) ?? '';
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as LoggedEvent];
    } catch {
      return []; // cut off by a crash
    }
  });
}
