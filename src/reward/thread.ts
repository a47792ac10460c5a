import { Worker } from 'node:worker_threads';
import type { AnswerMode } from '../answer/index.js';
import { GlossaError } from '../base/error.js';
import type { GradedCompletion, RewardSettings } from './types.js';
import type { WorkerReply, WorkerStart, WorkerTask } from './worker.js';

/** Under a TypeScript loader (tests) the sources run as they are, and Node gives a thread no loader of its own. */
const LOAD_TYPESCRIPT_WORKER = `import('tsx/esm/api').then(({ register }) => {
  register();
  return import(${JSON.stringify(new URL('./worker.ts', import.meta.url).href)});
})`;

/** How grading a task ended: all rows, or all before one whose reward hung or ended the thread. */
export type TaskEnd = { kind: 'done' } | { kind: 'lost'; row: number; reward: number; message: string };

/** One grading thread. It does one task at a time and is of no use after a loss. */
export class GradingThread {
  readonly #worker: Worker;
  readonly #calling = new Int32Array(new SharedArrayBuffer(8));
  #onReply: ((reply: WorkerReply) => void) | undefined;
  #onLoss: ((message: string) => void) | undefined;
  #lost: string | undefined;

  private constructor(rewards: readonly RewardSettings[], answer: AnswerMode) {
    const start: WorkerStart = { rewards, answer, calling: this.#calling.buffer };
    this.#worker = import.meta.url.endsWith('.ts')
      ? new Worker(LOAD_TYPESCRIPT_WORKER, { eval: true, workerData: start })
      : new Worker(new URL('./worker.js', import.meta.url), { workerData: start });
    this.#worker.on('message', (reply: WorkerReply) => this.#onReply?.(reply));
    this.#worker.on('error', (error) => this.#lose(`ended the grading thread: ${error.message}`));
    this.#worker.on('exit', (code) => this.#lose(`ended the grading thread with exit code ${code}`));
  }

  /** Starts a thread and loads the users' modules in it. Errors: REWARD_MODULE, REWARD_THREAD. */
  static async start(
    rewards: readonly RewardSettings[],
    answer: AnswerMode,
    timeoutMs: number,
  ): Promise<GradingThread> {
    const thread = new GradingThread(rewards, answer);
    try {
      await thread.#ready(timeoutMs);
    } catch (error) {
      await thread.stop();
      throw error;
    }
    thread.#worker.unref();
    return thread;
  }

  #ready(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (message: string): void => reject(new GlossaError('REWARD_THREAD', message));
      const timer = setTimeout(() => fail(`a reward module did not load within ${timeoutMs / 1000} s`), timeoutMs);
      this.#onLoss = (message) => fail(`a reward module ${message}`);
      this.#onReply = (reply) => {
        if (reply.kind === 'unusable') {
          reject(new GlossaError(reply.code, reply.message, reply.hint === undefined ? {} : { hint: reply.hint }));
        } else resolve();
      };
      if (this.#lost !== undefined) this.#onLoss(this.#lost);
      this.#worker.once('exit', () => clearTimeout(timer));
      this.#worker.once('message', () => clearTimeout(timer));
    });
  }

  /**
   * Grades the rows of `task` in order, handing each piece to `onGraded`. Where nothing comes for `timeoutMs` (Infinity: however
   * long it takes) the thread is stopped. A loss names the row and reward the thread was at; reward -1: none of a user.
   */
  run(task: WorkerTask, timeoutMs: number, onGraded: (graded: GradedCompletion[]) => void): Promise<TaskEnd> {
    this.#worker.ref();
    return new Promise((resolve) => {
      let left = task.rows.length;
      let timer: NodeJS.Timeout | undefined;
      const end = (result: TaskEnd): void => {
        clearTimeout(timer);
        this.#onReply = undefined;
        this.#onLoss = undefined;
        this.#worker.unref();
        resolve(result);
      };
      const lose = (message: string): void => {
        const row = task.rows.length - left;
        // The place is of this row only if a user's function was being called in it.
        const reward = Atomics.load(this.#calling, 0) === row ? Atomics.load(this.#calling, 1) : -1;
        end({ kind: 'lost', row, reward, message });
      };
      const stopHung = (before: number): void => {
        if (left !== before) return;
        this.#onLoss = undefined;
        void this.stop().then(() => lose(`did not return within ${timeoutMs / 1000} s; its thread was stopped`));
      };
      const watch = (): void => {
        clearTimeout(timer);
        if (timeoutMs === Infinity) return;
        const before = left;
        // After replies that already wait: this thread itself may have been busy for longer than the limit.
        timer = setTimeout(() => setImmediate(stopHung, before), timeoutMs);
      };
      this.#onLoss = lose;
      this.#onReply = (reply) => {
        if (reply.kind !== 'graded') return;
        left -= reply.graded.length;
        onGraded(reply.graded);
        if (left === 0) end({ kind: 'done' });
        else watch();
      };
      Atomics.store(this.#calling, 0, -1);
      watch();
      if (this.#lost !== undefined) lose(this.#lost);
      else this.#worker.postMessage(task);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #lose(message: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = message;
    this.#onLoss?.(message);
  }
}
