import { failedCall, GradingBatch, type Asked, type BatchCost, type Called, type FunctionInput } from '../asked.js';
import { timed } from '../../base/timeline.js';
import { closedError } from '../closed.js';
import type { RewardCalls } from '../types.js';
import { ModuleProcess, type ProcessSettings } from './process.js';

/**
 * What one batch may cost: six lost processes, or two that hung, for each of those costs the whole time limit too. The rest of
 * its calls is then left out, each with an error.
 */
const MOST_COST = 6;
const COST_OF_HANGING = 3;

/** Consecutive calls of one batch, and where their results go. */
interface Piece {
  batch: BatchCost;
  calls: readonly (readonly FunctionInput[])[];
  results: Called[][];
  fail: (error: Error) => void;
  done: () => void;
}

/** Processes that run one of the users' modules. */
export class ModulePool implements Asked {
  readonly #settings: ProcessSettings;
  readonly #limit: number;
  readonly #idle: ModuleProcess[] = [];
  readonly #all = new Set<ModuleProcess>();
  readonly #queue: Piece[] = [];
  readonly #pending = new Set<Piece>();
  #calls: RewardCalls = 'completion';
  #starting = 0;
  #closed = false;

  private constructor(settings: ProcessSettings, processes: number) {
    this.#settings = settings;
    this.#limit = processes;
  }

  /** Starts the first process, so that a module that does not load is found now. Errors: REWARD_MODULE, VERIFIER_MODULE. */
  static async open(settings: ProcessSettings, processes: number): Promise<ModulePool> {
    const pool = new ModulePool(settings, processes);
    await pool.#start();
    return pool;
  }

  get calls(): RewardCalls {
    return this.#calls;
  }

  /** A loss costs the one call it happened in. */
  async call(calls: readonly (readonly FunctionInput[])[], together = new GradingBatch()): Promise<Called[][]> {
    if (this.#closed) throw closedError();
    const batch = together.of(this);
    const size = Math.max(1, Math.ceil(calls.length / (this.#limit * 4)));
    const pieces: Promise<Called[][]>[] = [];
    for (let start = 0; start < calls.length; start += size) {
      pieces.push(
        new Promise((resolve, fail) => {
          const results: Called[][] = [];
          const done = () => resolve(results);
          this.#queue.push({ batch, calls: calls.slice(start, start + size), results, fail, done });
        }),
      );
    }
    this.#next();
    return (await Promise.all(pieces)).flat();
  }

  #next(): void {
    while (this.#queue.length > 0 && !this.#closed) {
      const process = this.#idle.pop();
      if (process !== undefined) {
        void this.#run(process, this.#queue.shift()!);
        continue;
      }
      if (this.#all.size + this.#starting >= this.#limit || this.#starting >= this.#queue.length) return;
      this.#start().then(
        () => this.#next(),
        (error: Error) => {
          for (const piece of this.#queue.splice(0))
            this.#giveUp(piece, `no other process of it starts: ${error.message}`);
        },
      );
    }
  }

  async #start(): Promise<void> {
    this.#starting++;
    try {
      const process = await ModuleProcess.start(this.#settings);
      if (this.#closed) return await process.stop();
      this.#calls = process.calls;
      this.#all.add(process);
      this.#idle.push(process);
    } finally {
      this.#starting--;
    }
  }

  async #run(process: ModuleProcess, piece: Piece): Promise<void> {
    const { batch, calls, results } = piece;
    if (batch.cost >= MOST_COST) {
      this.#idle.push(process);
      this.#giveUp(piece, `it was lost too often in this batch, the last time: ${batch.last}`);
      return this.#next();
    }
    this.#pending.add(piece);
    const left = calls.slice(results.length);
    const told = { track: `module ${this.#settings.name}, process ${process.pid}`, args: { calls: left.length } };
    const end = await timed({ name: 'call', ...told }, () =>
      process.run({ calls: left }, (called) => results.push(called)),
    );
    this.#pending.delete(piece);
    if (this.#closed) return;
    if (end.kind === 'done') this.#idle.push(process);
    else {
      this.#all.delete(process);
      results.push(failedCall(calls[results.length]!, end.error));
      batch.cost += end.hung ? COST_OF_HANGING : 1;
      batch.last = end.error.message;
    }
    if (results.length === calls.length) piece.done();
    else this.#queue.unshift(piece);
    this.#next();
  }

  #giveUp({ calls, results, done }: Piece, why: string): void {
    for (const rows of calls.slice(results.length)) results.push(failedCall(rows, { message: `not called: ${why}` }));
    done();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const piece of [...this.#queue.splice(0), ...this.#pending]) piece.fail(closedError());
    await Promise.all([...this.#all].map((process) => process.stop()));
  }
}
