import { listen, type Span } from '../base/timeline.js';
import type { MetricsLine } from '../run/index.js';
import { TRAINER } from './spans.js';
import { TraceFile } from './trace_file.js';

/** Milliseconds between two writes: what a killed process has not written yet. */
const EVERY = 1000;
const PROCESS = 1;

/**
 * Where the time of a run goes, for chrome://tracing and Perfetto (docs/metrics.md, "Profile"). It only listens: what it cannot
 * write it tells once, and the run goes on without.
 */
export class Profile {
  readonly #file: TraceFile;
  readonly #warn: (message: string) => void;
  readonly #tracks = new Map<string, number>();
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #deafen: () => void;
  #over = false;

  private constructor(file: TraceFile, warn: (message: string) => void) {
    this.#file = file;
    this.#warn = warn;
    this.#deafen = listen((span) => {
      this.#hear(span);
    });
    this.#timer = setInterval(() => {
      this.#attempt(() => {
        file.flush();
      });
    }, EVERY).unref();
    file.add({ name: 'process_name', ph: 'M', ts: 0, pid: PROCESS, tid: 0, args: { name: 'glossa train' } });
    this.#track(TRAINER);
    // A second Ctrl-C ends the process without closing anything.
    process.once('exit', this.close);
  }

  /** @throws GlossaError USAGE where another file lies there; IO_ERROR. */
  static open(path: string, warn: (message: string) => void): Profile {
    return new Profile(TraceFile.open(path), warn);
  }

  /** The counters after a step. */
  step(line: MetricsLine): void {
    const counter = (name: string, values: Record<string, number | null | undefined>) => {
      const args = Object.fromEntries(
        Object.entries(values).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
      );
      if (Object.keys(args).length > 0)
        this.#file.add({ name, ph: 'C', ts: this.#at(performance.now()), pid: PROCESS, tid: 0, args });
    };
    counter('tokens/s', { sampled: line['tokens/generate_per_s'], trained: line['tokens/train_per_s'] });
    counter('percent of the ceiling', {
      sampling: line['percent_of_peak/generate'],
      training: line['percent_of_peak/train'],
    });
    counter('tokens trained on', { tokens: line.num_tokens });
  }

  readonly close = (): void => {
    process.off('exit', this.close);
    this.#attempt(() => {
      this.#file.flush();
    });
    this.#deafen();
    clearInterval(this.#timer);
    this.#file.close();
  };

  #hear({ track, name, begin, end, args }: Span): void {
    if (this.#over) return;
    if (this.#file.full) {
      this.#stop('the profile is full: what comes now is not in it');
      return;
    }
    const event = { pid: PROCESS, tid: this.#track(track), ts: this.#at(begin) };
    this.#file.add({ name, ph: 'X', ...event, dur: micro(end - begin), ...(args && { args }) });
  }

  #track(name: string): number {
    const known = this.#tracks.get(name);
    if (known !== undefined) return known;
    const tid = this.#tracks.size + 1;
    this.#tracks.set(name, tid);
    this.#file.add({ name: 'thread_name', ph: 'M', ts: 0, pid: PROCESS, tid, args: { name } });
    this.#file.add({ name: 'thread_sort_index', ph: 'M', ts: 0, pid: PROCESS, tid, args: { sort_index: tid } });
    return tid;
  }

  #at(time: number): number {
    return micro(time - this.#began);
  }

  #attempt(work: () => void): void {
    try {
      if (!this.#over) work();
    } catch (error) {
      this.#stop(`the profile ends here: ${(error as Error).message}`);
    }
  }

  #stop(message: string): void {
    this.#over = true;
    clearInterval(this.#timer);
    this.#deafen();
    this.#warn(message);
  }
}

const micro = (milliseconds: number): number => Math.round(milliseconds * 1000);
