import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { z } from 'zod';
import { ioError, writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { readTextIfThere, requireFile } from '../base/read_file.js';
import { isTiming } from '../metrics/index.js';
import type { MetricsLine } from './types.js';

/** Bytes of the metrics of a run, which are read as one text: no text of Node's is longer. */
const MOST_BYTES = 2 ** 29 - 2 ** 10;

/**
 * metrics.jsonl, one line a step. Lines are appended as they come and made durable by `sync`, which is called before a
 * checkpoint counts; so whatever a checkpoint has seen is on disk, and a line torn by a crash lies past the last checkpoint.
 */
export class MetricsFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private readonly fence: () => Promise<void>,
    private readonly lasting: MetricsDigest,
    private size: number,
  ) {}

  /**
   * Opens the file to append to it.
   *
   * @param fence Refuses where the run is not this process's any more.
   * @param before Its lines so far.
   */
  static async open(
    path: string,
    fence: () => Promise<void>,
    before: readonly MetricsLine[] = [],
  ): Promise<MetricsFile> {
    const handle = await attempt('open', path, () => open(path, 'a'));
    const { size } = await handle.stat();
    return new MetricsFile(path, handle, fence, new MetricsDigest(before), size);
  }

  async append(line: MetricsLine): Promise<void> {
    await this.fence();
    const text = Buffer.from(`${JSON.stringify(line)}\n`);
    await attempt('write', this.path, () => this.handle.appendFile(text)).catch(async (error: unknown) => {
      // What of the line a full disk had room for goes again.
      await this.handle.truncate(this.size).catch(() => undefined);
      throw error;
    });
    this.size += text.length;
    this.lasting.add(line);
  }

  /** SHA-256 of all lines so far, without what tells how long something took. */
  digest(): string {
    return this.lasting.value();
  }

  sync(): Promise<void> {
    return attempt('write', this.path, () => this.handle.sync());
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** SHA-256 of lines of metrics but for timings, which differ between runs that are otherwise the same. */
export class MetricsDigest {
  private readonly hash = createHash('sha256');

  constructor(lines: readonly MetricsLine[] = []) {
    for (const line of lines) this.add(line);
  }

  add(line: MetricsLine): void {
    // As a reader of the file has it: JSON makes null of what is not finite.
    const lasting = Object.fromEntries(Object.entries(line).filter(([name]) => !isTiming(name)));
    this.hash.update(`${JSON.stringify(lasting)}\n`);
  }

  value(): string {
    return this.hash.copy().digest('hex');
  }
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

/** Bytes read first from the end of metrics.jsonl; a line of one language and two suites has three thousand. */
const TAIL_BYTES = 2 ** 14;

/**
 * The last whole line of metrics.jsonl, without reading the rest; undefined where there is none.
 *
 * @throws GlossaError IO_ERROR, NOT_A_FILE.
 */
export async function lastMetrics(
  path: string,
  holds: (line: MetricsLine) => boolean = () => true,
): Promise<MetricsLine | undefined> {
  if (!(await exists(path))) return undefined;
  await requireFile(path);
  const handle = await attempt('open', path, () => open(path, 'r'));
  try {
    const { size } = await handle.stat();
    for (let bytes = TAIL_BYTES; ; bytes *= 8) {
      const start = Math.max(0, size - bytes);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
      // The first text is a part of a line, and what follows the last newline was cut off.
      const texts = buffer
        .toString('utf8', 0, bytesRead)
        .split('\n')
        .slice(start === 0 ? 0 : 1, -1);
      for (const text of texts.reverse()) {
        const line = parseLine(text);
        if (line && holds(line)) return line;
      }
      if (start === 0) return undefined;
    }
  } finally {
    await handle.close();
  }
}

/**
 * The lines of steps up to `step`, as they were when that checkpoint was written, and the steps among them that have none.
 * What a crash left behind them, broken or not, is left out.
 */
export async function linesUpTo(path: string, step: number): Promise<{ lines: MetricsLine[]; missing: number[] }> {
  const lines: MetricsLine[] = [];
  let last = -1;
  for (const text of step === 0 ? [] : await readLines(path)) {
    const line = parseLine(text);
    // A line out of order is none that a run wrote.
    if (!line || line.step <= last || line.step > step) continue;
    lines.push(line);
    last = line.step;
  }
  const there = new Set(lines.map((line) => line.step));
  const missing = Array.from({ length: step }, (_, i) => i + 1).filter((at) => !there.has(at));
  return { lines, missing };
}

/** The whole lines of steps after `step`: what a process that was killed wrote behind its last checkpoint. */
export async function linesAfter(path: string, step: number): Promise<MetricsLine[]> {
  return (await readLines(path)).flatMap((text) => {
    const line = parseLine(text);
    return line && line.step > step ? [line] : [];
  });
}

/** Replaces the file by these lines. */
export async function rewriteMetrics(path: string, lines: readonly MetricsLine[]): Promise<void> {
  await writeFileAtomic(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Whole lines only: without its newline a line may be cut off inside a number and still parse. */
async function readLines(path: string): Promise<string[]> {
  const text = await readTextIfThere(path, MOST_BYTES);
  return text === undefined ? [] : text.split('\n').slice(0, -1);
}

/** Whoever reads a name knows whether it is one of ours; the values of all are numbers. */
const lineSchema: z.ZodType<MetricsLine> = z.object({ step: z.int().min(0) }).catchall(z.number().nullable());

function parseLine(text: string): MetricsLine | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
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
