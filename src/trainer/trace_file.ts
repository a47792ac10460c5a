import { closeSync, existsSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { ioError } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';

/** Bytes after which no more is written: viewers take minutes over more. */
const MOST_BYTES = 64 * 2 ** 20;
const OPENS = '[\n';
const CLOSES = '\n]\n';

/** An event of Chrome's trace format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Times are in microseconds. */
export interface TraceEvent {
  name: string;
  /** X: from `ts` for `dur`; C: a counter; i: an instant; M: a name for a process or thread. */
  ph: 'X' | 'C' | 'i' | 'M';
  ts: number;
  dur?: number;
  pid: number;
  tid: number;
  /** Of an instant: g, for the whole trace. */
  s?: 'g';
  args?: Readonly<Record<string, number | string>>;
}

/**
 * A file in Chrome's JSON array format. Every write puts events in the place of the closing bracket, and a new one behind them,
 * so the file is whole JSON whenever the process ends; and readers of the format do without the bracket.
 */
export class TraceFile {
  #events: string[] = [];
  #end = OPENS.length;
  #full = false;
  #open = true;

  private constructor(
    private readonly path: string,
    private readonly descriptor: number,
    private readonly most: number,
  ) {}

  /** @throws GlossaError USAGE where another file lies there than one of these; IO_ERROR. */
  static open(path: string, most = MOST_BYTES): TraceFile {
    requireTraceFile(path);
    const file = new TraceFile(
      path,
      attempt(path, () => openSync(path, 'w')),
      most,
    );
    file.#write(OPENS + CLOSES.trimStart(), 0);
    return file;
  }

  /** Whether it takes no more events, for its size. */
  get full(): boolean {
    return this.#full;
  }

  add(event: TraceEvent): void {
    if (!this.#full) this.#events.push(JSON.stringify(event));
  }

  /** Writes what was added. @throws GlossaError IO_ERROR; the file is then what it was. */
  flush(): void {
    if (!this.#open || this.#events.length === 0) return;
    const first = this.#end === OPENS.length;
    const text = `${first ? '' : ',\n'}${this.#events.join(',\n')}`;
    this.#events = [];
    this.#write(text + CLOSES, this.#end);
    this.#end += Buffer.byteLength(text);
    this.#full = this.#end > this.most;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    closeSync(this.descriptor);
  }

  #write(text: string, at: number): void {
    const bytes = Buffer.from(text);
    try {
      for (let done = 0; done < bytes.length;)
        done += writeSync(this.descriptor, bytes, done, bytes.length - done, at + done);
    } catch (error) {
      // What there was room for goes again.
      this.#full = true;
      ftruncateSync(this.descriptor, at);
      const closes = Buffer.from(at === OPENS.length || at === 0 ? CLOSES.trimStart() : CLOSES);
      try {
        if (at > 0) writeSync(this.descriptor, closes, 0, closes.length, at);
      } catch {
        // Readers of the format do without.
      }
      throw ioError('write', this.path, error);
    }
  }
}

/**
 * Never what somebody else wrote is replaced, such as the config that stood behind --profile.
 *
 * @throws GlossaError USAGE where there is a file that is no trace; IO_ERROR.
 */
export function requireTraceFile(path: string): void {
  if (!existsSync(path)) return;
  const begins = Buffer.alloc(OPENS.length + 8);
  const read = attempt(path, () => {
    const descriptor = openSync(path, 'r');
    try {
      return readSync(descriptor, begins, 0, begins.length, 0);
    } finally {
      closeSync(descriptor);
    }
  });
  if (read > 0 && !/^\[\n(?:\{"name":|\]\n$)/.test(begins.toString('utf8', 0, read)))
    throw new GlossaError('USAGE', `${path} is there, and is not a profile`, {
      hint: 'name a new file: --profile=FILE',
    });
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw ioError('write', path, error);
  }
}
