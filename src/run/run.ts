import { rm } from 'node:fs/promises';
import { writeFileAtomic } from '../base/atomic.js';
import { arrive } from './arrival.js';
import type { EvaluationFile } from './evaluation.js';
import { runFolder, type RunFolder } from './folder.js';
import { FileHistory } from './history.js';
import type { RunLock } from './lock.js';
import { MetricsFile } from './metrics.js';
import { writeRecord, type RunRecord } from './record.js';
import type { History } from './state.js';
import type { MetricsLine } from './types.js';

/** A run, open, and its folder locked by this process. */
export class Run {
  private constructor(
    /** Folder of the run, once it lies there. */
    readonly dir: string,
    private at: RunFolder,
    private now: RunRecord,
    readonly metrics: MetricsFile,
    private readonly files: FileHistory,
    private readonly lock: RunLock,
  ) {}

  /** @param lines Lines of its metrics so far. */
  static async open(
    dir: string,
    folder: RunFolder,
    record: RunRecord,
    { lines, files, lock }: { lines?: readonly MetricsLine[]; files?: FileHistory; lock: RunLock },
  ): Promise<Run> {
    const metrics = await MetricsFile.open(folder.metrics, lock.fence, lines);
    return new Run(dir, folder, record, metrics, files ?? new FileHistory(), lock);
  }

  /** Where its files lie now: of one that is to take another's place, not yet in `dir` itself. */
  get folder(): RunFolder {
    return this.at;
  }

  get record(): RunRecord {
    return this.now;
  }

  /**
   * Before anything is written into the folder: whether it is still this process's.
   *
   * @throws GlossaError RUN_TAKEN_OVER, IO_ERROR.
   */
  get fence(): () => Promise<void> {
    return this.lock.fence;
  }

  /** Changes fields of run.json and writes it. */
  async update(change: Partial<RunRecord>): Promise<void> {
    await this.fence();
    this.now = { ...this.now, ...change };
    await writeRecord(this.at, this.now);
  }

  async writeEvaluation(file: EvaluationFile): Promise<void> {
    await this.fence();
    await writeFileAtomic(this.at.evaluation(file.step, file.suite), `${JSON.stringify(file, null, 2)}\n`);
  }

  /** What of its metrics, rollouts and evaluations lies there up to `step`, the last one made. */
  async history(step: number): Promise<History> {
    return { metrics: this.metrics.digest(), files: await this.files.upTo(this.at, step) };
  }

  /** Notes that there is a whole checkpoint of `step`, and `more`. A run that waited for its first one now takes the other's place. */
  async saved(step: number, more: Pick<RunRecord, 'seconds' | 'best'> = {}): Promise<void> {
    await this.update({ saved: step, ...more });
    if (this.at.dir === this.dir) return;
    this.at = runFolder(this.dir);
    await arrive(this.at);
  }

  /** Closes files and gives the folder back. A run that never took the other's place goes. */
  async close(): Promise<void> {
    try {
      await this.metrics.close();
      if (this.at.dir !== this.dir) {
        await this.fence();
        await rm(this.at.dir, { recursive: true, force: true });
      }
    } finally {
      await this.lock.release();
    }
  }
}
