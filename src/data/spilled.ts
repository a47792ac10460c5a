import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { GlossaError } from '../base/error.js';
import { GrowingNumbers } from './growing.js';
import { originOf, withOrigin, type Origin } from './origin.js';
import type { Problem, Problems } from './types.js';

/** Bytes that are written or read at a time. */
const CHUNK = 2 ** 20;

/** Closes the files of lists that nobody holds any more. */
const files = new FinalizationRegistry<number>(closeSync);

/**
 * Problems in a temporary file that has no name any more (nothing is left of it, however the process ends); memory holds where
 * each begins. Once read from its set a problem cannot change, whatever becomes of the set's own file.
 */
export class SpilledProblems implements Problems {
  private readonly file: number;
  private readonly starts = new GrowingNumbers();
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private written = 0;

  /** @throws GlossaError DATA_SPILL where the folder for temporary files takes no file. */
  constructor() {
    try {
      const folder = mkdtempSync(join(tmpdir(), 'glossa-problems-'));
      this.file = openSync(join(folder, 'problems'), 'wx+', 0o600);
      rmSync(folder, { recursive: true });
    } catch (cause) {
      throw unwritable(cause);
    }
    files.register(this, this.file);
  }

  get length(): number {
    return this.starts.length;
  }

  /** @throws GlossaError DATA_SPILL where the disk is full. */
  add(problem: Problem): void {
    const bytes = encode(problem);
    this.starts.push(this.written + this.pendingBytes);
    this.pending.push(bytes);
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= CHUNK) this.flush();
  }

  at(index: number): Problem | undefined {
    if (index < 0 || index >= this.length) return undefined;
    this.flush();
    const [start, end] = this.range(index);
    return decode(this.read(start, end - start));
  }

  *[Symbol.iterator](): Generator<Problem> {
    this.flush();
    let chunk: Buffer = Buffer.alloc(0);
    let from = 0;
    for (let i = 0; i < this.length; i++) {
      const [start, end] = this.range(i);
      if (end > from + chunk.length) {
        from = start;
        chunk = this.read(start, Math.max(end - start, Math.min(CHUNK, this.written - start)));
      }
      yield decode(chunk.subarray(start - from, end - from));
    }
  }

  private range(index: number): [start: number, end: number] {
    return [this.starts.at(index), index + 1 < this.length ? this.starts.at(index + 1) : this.written];
  }

  private read(start: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length;) {
      const got = readSync(this.file, bytes, at, length - at, start + at);
      if (got === 0)
        throw new GlossaError('INTERNAL', 'the temporary file of problems is shorter than what was written');
      at += got;
    }
    return bytes;
  }

  private flush(): void {
    if (this.pendingBytes === 0) return;
    const bytes = Buffer.concat(this.pending);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.file, bytes, at, bytes.length - at, this.written + at);
    } catch (cause) {
      throw unwritable(cause);
    }
    this.written += bytes.length;
    this.pending = [];
    this.pendingBytes = 0;
  }
}

/** Chats of Parquet files may hold what JSON has no word for. */
function encode(problem: Problem): Buffer {
  const kept = [problem, originOf(problem)!];
  return problem.messages === undefined ? Buffer.from(JSON.stringify(kept)) : serialize(kept);
}

const BRACKET = 0x5b; // '[': serialize begins with 0xff

function decode(bytes: Buffer): Problem {
  const [problem, origin] = (bytes[0] === BRACKET ? JSON.parse(bytes.toString()) : deserialize(bytes)) as [
    Problem,
    Origin,
  ];
  return withOrigin(problem, origin);
}

function unwritable(cause: unknown): GlossaError {
  return new GlossaError('DATA_SPILL', `problems cannot be put into ${tmpdir()}: ${(cause as Error).message}`, {
    cause,
    hint: 'training sets above 64 MB of text are kept in a temporary file; set TMPDIR to a folder with room',
  });
}
