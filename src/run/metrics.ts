import { open, type FileHandle } from 'node:fs/promises';
import { ioError, writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { readTextIfThere } from '../base/read_file.js';

/** Bytes of the metrics of a run, which are read as one text: no text of Node's is longer. */
const MOST_BYTES = 2 ** 29 - 2 ** 10;
import type { MetricsLine } from './types.js';

/**
 * metrics.jsonl, one line a step. Lines are appended as they come and made durable by `sync`, which is called before a
 * checkpoint counts; so whatever a checkpoint has seen is on disk, and a line torn by a crash lies past the last checkpoint.
 */
export class MetricsFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  static async open(path: string): Promise<MetricsFile> {
    return new MetricsFile(path, await attempt('open', path, () => open(path, 'a')));
  }

  append(line: MetricsLine): Promise<void> {
    return attempt('write', this.path, () => this.handle.appendFile(`${JSON.stringify(line)}\n`));
  }

  sync(): Promise<void> {
    return attempt('write', this.path, () => this.handle.sync());
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/**
 * Whether a metric tells how long something took, and so differs between two runs that are otherwise the same bits:
 * step_time, time/*, tokens/* and percent_of_peak/*.
 */
export function isTiming(name: string): boolean {
  return name === 'step_time' || /^(time|tokens|percent_of_peak)\//.test(name);
}

/**
 * The lines of metrics.jsonl. A broken last line (a crash in the middle of a write) is left out; a missing file has none.
 *
 * @throws GlossaError RUN_CORRUPT where a broken line is followed by others.
 */
export async function readMetrics(path: string): Promise<MetricsLine[]> {
  const texts = await readLines(path);
  const lines: MetricsLine[] = [];
  for (const [i, text] of texts.entries()) {
    const line = parseLine(text);
    if (line) lines.push(line);
    else if (i < texts.length - 1)
      throw new GlossaError('RUN_CORRUPT', `${path}:${String(i + 1)}: not a line of metrics`, {
        hint: 'restore the file, or delete the broken line',
      });
  }
  return lines;
}

/**
 * Cuts the file back to the lines of steps up to `step`, as they were when that checkpoint was written; what a crash left
 * behind them goes, broken or not.
 *
 * @throws GlossaError RUN_CORRUPT where one of the lines to keep is missing, twice or broken.
 */
export async function truncateMetrics(path: string, step: number): Promise<MetricsLine[]> {
  const kept: MetricsLine[] = [];
  for (const text of step === 0 ? [] : await readLines(path)) {
    const line = parseLine(text);
    if (!line || line.step > step) break;
    kept.push(line);
  }
  const steps = kept.map((line) => line.step).filter((at) => at > 0);
  if (steps.length !== step || steps.some((at, i) => at !== i + 1)) {
    throw new GlossaError(
      'RUN_CORRUPT',
      `${path}: expected one line for each step from 1 to ${String(step)}, got ${String(steps.length)} in order`,
      {
        hint: 'restore the file, or start the run again in a new folder',
      },
    );
  }
  await writeFileAtomic(path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return kept;
}

/** Whole lines only: without its newline a line may be cut off inside a number and still parse. */
async function readLines(path: string): Promise<string[]> {
  const text = await readTextIfThere(path, MOST_BYTES);
  return text === undefined ? [] : text.split('\n').slice(0, -1);
}

function parseLine(text: string): MetricsLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<MetricsLine> | null;
    return typeof line?.step === 'number' ? (line as MetricsLine) : undefined;
  } catch {
    return undefined;
  }
}

async function attempt<T>(action: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ioError(action, path, error);
  }
}
