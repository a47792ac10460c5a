import { closedError } from './closed.js';
import { ModuleProcess, type ProcessSettings } from './module_process.js';
import type { Called, ModuleInput } from './module_protocol.js';

/** Processes that one batch may cost; the rest of its calls is then left out, each with an error. */
const MOST_LOSSES = 6;

interface Batch {
  losses: number;
}

/** Calls that count as one batch, although they are made one after the other. */
export class GradingBatch {
  readonly #pools = new Map<ModulePool, Batch>();

  of(pool: ModulePool): Batch {
    let batch = this.#pools.get(pool);
    if (batch === undefined) this.#pools.set(pool, (batch = { losses: 0 }));
    return batch;
  }
}
/** Consecutive rows of one batch, and where their results go. */
interface Piece {
  batch: Batch;
  rows: readonly ModuleInput[];
  results: Called[][];
  fail: (error: Error) => void;
  done: () => void;
}

/** Processes that run the users' modules of one kind, each all of them. */
export class ModulePool {
  readonly #settings: ProcessSettings;
  readonly #limit: number;
  readonly #idle: ModuleProcess[] = [];
  readonly #all = new Set<ModuleProcess>();
  readonly #queue: Piece[] = [];
  readonly #pending = new Set<Piece>();
  #starting = 0;
  #closed = false;

  constructor(settings: ProcessSettings, processes: number) {
    this.#settings = settings;
    this.#limit = processes;
  }

  /** What every module says of every row: results[row][module]. A loss costs the one call it happened in. */
  async call(rows: readonly ModuleInput[], together = new GradingBatch()): Promise<Called[][]> {
    if (this.#closed) throw closedError();
    const batch = together.of(this);
    const size = Math.max(1, Math.ceil(rows.length / (this.#limit * 4)));
    const pieces: Promise<Called[][]>[] = [];
    for (let start = 0; start < rows.length; start += size) {
      pieces.push(
        new Promise((resolve, fail) => {
          const results: Called[][] = [];
          this.#queue.push({
            batch,
            rows: rows.slice(start, start + size),
            results,
            fail,
            done: () => resolve(results),
          });
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
      this.start().then(
        () => this.#next(),
        (error: Error) => {
          for (const piece of this.#queue.splice(0)) piece.fail(error);
        },
      );
    }
  }

  /** One process more. Errors: REWARD_MODULE, VERIFIER_MODULE. */
  async start(): Promise<void> {
    this.#starting++;
    try {
      const process = await ModuleProcess.start(this.#settings);
      if (this.#closed) return await process.stop();
      this.#all.add(process);
      this.#idle.push(process);
    } finally {
      this.#starting--;
    }
  }

  async #run(process: ModuleProcess, piece: Piece): Promise<void> {
    this.#pending.add(piece);
    const width = this.#settings.modules.length;
    const from = piece.results.length === 0 ? 0 : piece.results.length - (piece.results.at(-1)!.length < width ? 1 : 0);
    const skip = (piece.results[from] ?? []).map((_, k) => k);
    const put = (called: Called): void => {
      if (piece.results.length === 0 || piece.results.at(-1)!.length === width) piece.results.push([]);
      piece.results.at(-1)!.push(called);
    };
    const end = await process.run({ rows: piece.rows.slice(from), skip }, put);
    this.#pending.delete(piece);
    if (this.#closed) return;
    if (end.kind === 'done') this.#idle.push(process);
    else {
      this.#all.delete(process);
      put({ error: end.error });
      if (++piece.batch.losses >= MOST_LOSSES) {
        const message = `not called: its process was lost ${MOST_LOSSES} times in this batch, the last time: ${end.error.message}`;
        while (!isComplete(piece, width)) put({ error: { message } });
      }
    }
    if (isComplete(piece, width)) piece.done();
    else this.#queue.unshift(piece);
    this.#next();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const piece of [...this.#queue.splice(0), ...this.#pending]) piece.fail(closedError());
    await Promise.all([...this.#all].map((process) => process.stop()));
  }
}

function isComplete({ rows, results }: Piece, width: number): boolean {
  return results.length === rows.length && results.at(-1)?.length === width;
}
