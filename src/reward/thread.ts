import { Worker } from 'node:worker_threads';
import { GlossaError } from '../base/error.js';
import { timed } from '../base/timeline.js';
import type { JudgedCompletion } from './grade.js';
import type { GradedCompletion } from './types.js';
import type { WorkerReply, WorkerStart } from './worker.js';

/** Under a TypeScript loader (tests) the sources run as they are, and Node gives a thread no loader of its own. */
const LOAD_TYPESCRIPT_WORKER = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)});
})`;

/** A thread that does what gradeBuiltin does, one piece of rows at a time. */
export class GradingThread {
  readonly #worker: Worker;
  readonly #track: string;
  #settle: { resolve: (graded: GradedCompletion[]) => void; reject: (error: Error) => void } | undefined;
  #lost: GlossaError | undefined;

  /** @param number From 1, among the threads of its pool. */
  constructor(start: WorkerStart, number: number) {
    this.#track = `grading thread ${String(number)}`;
    this.#worker = import.meta.url.endsWith('.ts')
      ? new Worker(LOAD_TYPESCRIPT_WORKER, { eval: true, workerData: start })
      : new Worker(new URL('./worker.js', import.meta.url), { workerData: start });
    this.#worker.on('message', (graded: WorkerReply) => this.#settle?.resolve(graded));
    this.#worker.on('error', (error) => this.#lose(error.message));
    this.#worker.on('exit', (code) => this.#lose(`it ended with exit code ${code}`));
    this.#worker.unref();
  }

  /** Errors: REWARD_THREAD. */
  async grade(rows: readonly JudgedCompletion[]): Promise<GradedCompletion[]> {
    if (this.#lost !== undefined) throw this.#lost;
    this.#worker.ref();
    try {
      return await timed(
        { track: this.#track, name: 'grade', args: { completions: rows.length } },
        () =>
          new Promise<GradedCompletion[]>((resolve, reject) => {
            this.#settle = { resolve, reject };
            this.#worker.postMessage(rows);
          }),
      );
    } finally {
      this.#settle = undefined;
      this.#worker.unref();
    }
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #lose(why: string): void {
    this.#lost ??= new GlossaError('REWARD_THREAD', `the grading thread was lost: ${why}`);
    this.#settle?.reject(this.#lost);
  }
}
