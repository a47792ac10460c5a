import { closedError } from './closed.js';
import type { JudgedCompletion } from './grade.js';
import { GradingThread } from './thread.js';
import type { GradedCompletion } from './types.js';
import type { WorkerStart } from './worker.js';

/** Threads that grade, started when there is work for them. */
export class GradingPool {
  readonly #start: WorkerStart;
  readonly #limit: number;
  readonly #idle: GradingThread[] = [];
  readonly #all = new Set<GradingThread>();
  readonly #waiting: { resolve: (thread: GradingThread) => void; reject: (error: Error) => void }[] = [];
  #closed = false;

  constructor(start: WorkerStart, threads: number) {
    this.#start = start;
    this.#limit = threads;
  }

  async grade(inputs: readonly JudgedCompletion[]): Promise<GradedCompletion[]> {
    // Four pieces a thread: completions differ in length, and the last piece should be short.
    const size = Math.max(1, Math.ceil(inputs.length / (this.#limit * 4)));
    const pieces: Promise<GradedCompletion[]>[] = [];
    for (let at = 0; at < inputs.length; at += size) pieces.push(this.#grade(inputs.slice(at, at + size)));
    return (await Promise.all(pieces)).flat();
  }

  async #grade(rows: readonly JudgedCompletion[]): Promise<GradedCompletion[]> {
    const thread = await this.#take();
    try {
      return await thread.grade(rows);
    } catch (error) {
      this.#all.delete(thread);
      throw this.#closed ? closedError() : error;
    } finally {
      if (this.#all.has(thread)) this.#give(thread);
    }
  }

  async #take(): Promise<GradingThread> {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    if (this.#all.size >= this.#limit) {
      return new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject });
      });
    }
    const thread = new GradingThread(this.#start, this.#all.size + 1);
    this.#all.add(thread);
    return thread;
  }

  #give(thread: GradingThread): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(thread);
    else next.resolve(thread);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closedError());
    await Promise.all([...this.#all].map((thread) => thread.stop()));
  }
}
