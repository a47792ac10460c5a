import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import { BUILTIN_REWARDS } from './builtin.js';
import type { AnswerMode } from '../answer/index.js';
import { gradeBuiltin } from './grade.js';
import { GradingThread } from './thread.js';
import type { GradedCompletion, RewardSettings, UngradedCompletion } from './types.js';

/** Characters of a batch up to which it is graded on the calling thread: about 5 ms of work, less than waking threads up. */
const INLINE_CHARACTERS = 40_000;
/** More threads gain nothing: a step's batch is graded in milliseconds. */
const MAX_THREADS = 4;
const DEFAULT_TIMEOUT_MS = 10_000;

export interface GraderOptions {
  /** Grading threads. Default: the cores this process may use, at most 4; 0: everything on the calling thread. */
  threads?: number;
  /** How long a user's reward may take for one completion, and its module to load, in milliseconds. Default 10,000. */
  timeoutMs?: number;
  /** Which answers count: see JudgeOptions. Default flexible. */
  answer?: AnswerMode;
}

export interface Grader {
  readonly names: string[];
  readonly weights: number[];
  /** Grades completions; results are in the order of the inputs. Several calls may be under way at once. */
  grade(inputs: readonly UngradedCompletion[]): Promise<GradedCompletion[]>;
  /** Stops the threads; batches not finished are rejected with GRADER_CLOSED. */
  close(): Promise<void>;
}

/** Consecutive rows of one batch. */
interface Piece {
  rows: readonly UngradedCompletion[];
  failed: ReadonlyMap<number, string>;
  put: (graded: GradedCompletion[]) => void;
  done: () => void;
  fail: (error: Error) => void;
}

/**
 * A grader for the rewards configured. Built-in rewards are pure and run in threads, or, for a small batch, at once on the
 * calling thread. Users' modules always run in threads: one that throws, hangs past the limit (its thread is stopped and
 * replaced) or ends its thread leaves null and an entry in `errors` for that completion alone.
 *
 * Errors: REWARD_UNKNOWN (a name that is neither built in nor has a module), REWARD_MODULE (a module that does not load),
 * REWARD_THREAD (a thread that cannot be started), GRADER_CLOSED.
 */
export async function createGrader(settings: readonly RewardSettings[], options: GraderOptions = {}): Promise<Grader> {
  const rewards = settings.map(resolveReward);
  const custom = rewards.some(({ module }) => module !== undefined);
  const cores = Math.min(MAX_THREADS, availableParallelism());
  const pool = new GradingPool(
    rewards,
    options.answer ?? 'flexible',
    options.threads ?? cores,
    options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    custom,
  );
  if (custom) await pool.startThread();
  return {
    names: rewards.map(({ name }) => name),
    weights: rewards.map(({ weight }) => weight),
    grade: (inputs) => pool.grade(inputs),
    close: () => pool.close(),
  };
}

/** A name that is not built in and looks like a path is a module. */
function resolveReward(reward: RewardSettings): RewardSettings {
  const { name, weight, module } = reward;
  if (module !== undefined) return { name, weight, module: resolve(module) };
  if (Object.hasOwn(BUILTIN_REWARDS, name)) return { name, weight };
  if (/[/\\]|\.[cm]?[jt]s$/.test(name)) return { name, weight, module: resolve(name) };
  throw new GlossaError('REWARD_UNKNOWN', `there is no reward named ${JSON.stringify(name)}`, {
    hint: `Use ${Object.keys(BUILTIN_REWARDS).join(', ')}, or the path of a module with a default export.`,
  });
}

class GradingPool {
  readonly #rewards: readonly RewardSettings[];
  readonly #answer: AnswerMode;
  readonly #threads: number;
  readonly #timeoutMs: number;
  readonly #custom: boolean;
  readonly #idle: GradingThread[] = [];
  readonly #all = new Set<GradingThread>();
  readonly #queue: Piece[] = [];
  readonly #pending = new Set<Piece>();
  #starting = 0;
  #closed = false;

  constructor(
    rewards: readonly RewardSettings[],
    answer: AnswerMode,
    threads: number,
    timeoutMs: number,
    custom: boolean,
  ) {
    this.#rewards = rewards;
    this.#answer = answer;
    this.#threads = custom ? Math.max(1, threads) : threads;
    this.#timeoutMs = timeoutMs;
    this.#custom = custom;
  }

  async grade(inputs: readonly UngradedCompletion[]): Promise<GradedCompletion[]> {
    if (this.#closed) throw closedError();
    const characters = inputs.reduce((sum, { completion }) => sum + completion.length, 0);
    if (!this.#custom && (characters <= INLINE_CHARACTERS || this.#threads === 0)) {
      return inputs.map((input) => gradeBuiltin(input, this.#rewards, this.#answer));
    }
    const results = new Array<GradedCompletion>(inputs.length);
    // Four pieces a thread: completions differ in length, and the last piece should be short.
    const size = Math.max(1, Math.ceil(inputs.length / (this.#threads * 4)));
    const pieces: Promise<void>[] = [];
    for (let start = 0; start < inputs.length; start += size) {
      pieces.push(this.#enqueue(inputs.slice(start, start + size), start, results));
    }
    await Promise.all(pieces);
    return results;
  }

  #enqueue(rows: readonly UngradedCompletion[], start: number, results: GradedCompletion[]): Promise<void> {
    return new Promise((done, fail) => {
      let at = start;
      const put = (graded: GradedCompletion[]): void => {
        for (const one of graded) results[at++] = one;
      };
      this.#queue.push({ rows, failed: new Map(), put, done, fail });
      this.#next();
    });
  }

  /** Gives waiting pieces to idle threads, starting more where there are fewer than allowed. */
  #next(): void {
    while (this.#queue.length > 0 && !this.#closed) {
      const thread = this.#idle.pop();
      if (thread !== undefined) {
        void this.#run(thread, this.#queue.shift()!);
        continue;
      }
      if (this.#all.size + this.#starting >= this.#threads || this.#starting >= this.#queue.length) return;
      this.startThread().then(
        () => this.#next(),
        (error: Error) => this.#failQueue(error),
      );
    }
  }

  async startThread(): Promise<void> {
    this.#starting++;
    try {
      const thread = await GradingThread.start(
        this.#rewards,
        this.#answer,
        Math.max(this.#timeoutMs, DEFAULT_TIMEOUT_MS),
      );
      if (this.#closed) return await thread.stop();
      this.#all.add(thread);
      this.#idle.push(thread);
    } finally {
      this.#starting--;
    }
  }

  async #run(thread: GradingThread, piece: Piece): Promise<void> {
    this.#pending.add(piece);
    const limit = this.#custom ? this.#timeoutMs : Infinity;
    const end = await thread.run({ rows: piece.rows, failed: piece.failed }, limit, piece.put);
    this.#pending.delete(piece);
    if (this.#closed) return;
    if (end.kind === 'done') {
      this.#idle.push(thread);
      piece.done();
    } else {
      this.#all.delete(thread);
      void thread.stop();
      if (this.#custom) this.#queue.unshift(this.#afterLoss(piece, end));
      else piece.fail(new GlossaError('REWARD_THREAD', `grading ${end.message}`));
    }
    this.#next();
  }

  /** What is left of a piece, with the reward that was lost marked as failed for its row (all of a user's, if none was named). */
  #afterLoss(piece: Piece, { row, reward, message }: { row: number; reward: number; message: string }): Piece {
    const failed = new Map(row === 0 ? piece.failed : []);
    this.#rewards.forEach(({ module }, k) => {
      if (module !== undefined && (reward === k || reward < 0)) failed.set(k, message);
    });
    return { ...piece, rows: piece.rows.slice(row), failed };
  }

  #failQueue(error: Error): void {
    for (const piece of this.#queue.splice(0)) piece.fail(error);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const pending = [...this.#pending];
    this.#failQueue(closedError());
    for (const piece of pending) piece.fail(closedError());
    await Promise.all([...this.#all].map((thread) => thread.stop()));
  }
}

function closedError(): GlossaError {
  return new GlossaError('GRADER_CLOSED', 'the grader was closed before this batch was graded');
}
