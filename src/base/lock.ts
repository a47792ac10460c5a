import { randomBytes } from 'node:crypto';
import { rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { createLockFile, readLockFile, unfinishedLocks } from './lock_file.js';
import { lifeOf, parseProcess, processSchema, thisProcess, type ProcessName } from './process.js';
import { isJobOver, slurmJobSchema, thisSlurmJob, type SlurmJob } from './slurm_job.js';

/** The process that has a lock. */
export interface Holder extends ProcessName {
  job?: SlurmJob;
  /** Of this taking of the lock, and of no other. */
  mark?: string;
  /** How often the holder has said that it lives. None: it is of a version that does not say. */
  beat?: string;
}

/**
 * `held`: by a process that lives. `unsure`: by one of which nobody can say yet, or several processes want it just now
 * (no holder): ask again.
 */
export type LockAttempt =
  { state: 'taken'; lock: Lock } | { state: 'held'; holder: Holder } | { state: 'unsure'; holder: Holder | undefined };

/** In milliseconds, of each process's own timer: what clocks say is never compared. */
export interface LockTiming {
  /** From one beat of the holder to the next. */
  beat: number;
  /** A lock of another machine that does not change for so long has no holder any more. */
  silence: number;
  /** So long it may take to make a lock, or to remove a stale one. */
  instant: number;
}

export const LOCK_TIMING: LockTiming = { beat: 5000, silence: 45_000, instant: 5000 };

/** A lock file that this process has. It is written to every few seconds, so that other machines see that its holder lives. */
export class Lock {
  private beats = 0;
  private beating: Promise<void> | undefined;
  private readonly timer: NodeJS.Timeout;

  private constructor(
    private readonly path: string,
    private readonly mark: string,
    private readonly handle: FileHandle,
    private readonly beatAt: number,
    every: number,
  ) {
    // A disk that hangs keeps one beat waiting, not one after the other.
    this.timer = setInterval(() => {
      this.beating ??= this.beat().finally(() => (this.beating = undefined));
    }, every);
    this.timer.unref();
  }

  /** Undefined where the file is there. */
  static async take(path: string, every: number): Promise<Lock | undefined> {
    const mark = randomBytes(8).toString('hex');
    const job = thisSlurmJob();
    const holder: Holder = { ...thisProcess(), ...(job && { job }), mark, beat: beatText(0) };
    const text = JSON.stringify(holder);
    const handle = await createLockFile(path, text);
    return handle && new Lock(path, mark, handle, Buffer.byteLength(text) - beatText(0).length - 2, every);
  }

  /**
   * Whether the lock is still this process's: another machine takes it where this process stood still for long (asleep, its disk
   * hung), and the file may have been removed.
   *
   * @throws GlossaError IO_ERROR where that cannot be read.
   */
  async isHeld(): Promise<boolean> {
    const text = await readLockFile(this.path);
    return text !== undefined && parseHolder(text)?.mark === this.mark;
  }

  async release(): Promise<void> {
    clearInterval(this.timer);
    await this.beating;
    if (await this.isHeld().catch(() => false)) await rm(this.path, { force: true }).catch(() => undefined);
    await this.handle.close().catch(() => undefined);
  }

  /** Into the file itself, not into one that takes its place: a lock that is another's by now stays as it is. */
  private async beat(): Promise<void> {
    try {
      await this.handle.write(beatText(++this.beats), this.beatAt);
      await this.handle.datasync();
    } catch {
      // Who needs the lock asks whether it is still held.
    }
  }
}

/** Always as long, so that a beat changes these bytes alone. */
const beatText = (beats: number): string => String(beats).padStart(10, '0');

/**
 * Wants a lock file, and keeps in mind from one try to the next what it saw. The folder must exist. A lock whose process is gone
 * (killed, crashed) is taken over; one of another machine where it has not changed for long, or Slurm says that its job is over.
 */
export class LockClaim {
  private readonly holder = new Watched();
  private readonly breaker = new Watched();
  private askedOf: string | undefined;

  constructor(
    private readonly path: string,
    private readonly timing = LOCK_TIMING,
    private readonly isOver: (job: SlurmJob) => Promise<boolean> = isJobOver,
  ) {}

  /** @throws GlossaError IO_ERROR; NOT_A_FILE, FILE_TOO_LARGE where something else has the lock's name. */
  async try(): Promise<LockAttempt> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const lock = await Lock.take(this.path, this.timing.beat);
      if (lock) {
        await removeLeftOvers(this.path, this.timing.instant);
        return { state: 'taken', lock };
      }
      const began = performance.now();
      const text = await readLockFile(this.path);
      if (text === undefined) continue; // given back in the meantime
      const attempted = await this.judge(text, began);
      if (attempted !== 'gone') return attempted;
      if (!(await this.removeStale(text))) break;
    }
    return { state: 'unsure', holder: undefined };
  }

  private async judge(text: string, began: number): Promise<'gone' | LockAttempt> {
    const { changed, silence } = this.holder.look(text, began);
    const holder = parseHolder(text);
    if (!holder) return silence > this.timing.instant ? 'gone' : { state: 'unsure', holder };
    const life = lifeOf(holder);
    if (life === 'gone') return 'gone';
    if (life === 'alive' || holder.beat === undefined || changed) return { state: 'held', holder };
    if (silence > this.timing.silence) return 'gone';
    if (holder.job && this.askedOf !== holder.mark) {
      this.askedOf = holder.mark;
      if (await this.isOver(holder.job)) return 'gone';
    }
    return { state: 'unsure', holder };
  }

  /**
   * Removes the lock that was seen, and not one that another process has put in its place since: only who has the file beside
   * it removes a stale lock, and looks again first. False where another process is at it.
   */
  private async removeStale(seen: string): Promise<boolean> {
    const breaking = `${this.path}.breaking`;
    const handle = await createLockFile(
      breaking,
      JSON.stringify({ ...thisProcess(), mark: randomBytes(8).toString('hex') }),
    );
    if (!handle) return this.removeBreaker(breaking);
    try {
      if ((await readLockFile(this.path).catch(() => undefined)) === seen) await rm(this.path, { force: true });
    } finally {
      await rm(breaking, { force: true });
      await handle.close();
    }
    return true;
  }

  /** Whether the process that removes a stale lock was killed in the middle of it; its file is gone then. */
  private async removeBreaker(breaking: string): Promise<boolean> {
    const began = performance.now();
    const text = await readLockFile(breaking);
    if (text === undefined) return true;
    const { silence } = this.breaker.look(text, began);
    const breaker = parseProcess(text);
    const life = breaker ? lifeOf(breaker) : 'elsewhere';
    if (life === 'alive' || (life === 'elsewhere' && silence <= this.timing.instant)) return false;
    await rm(breaking, { force: true });
    return true;
  }
}

/** What a file said when it was looked at, and for how long it has said so by this process's own timer. */
class Watched {
  private text: string | undefined;
  private since = 0;

  /** @param began When the look began: what it gave may be so old. */
  look(text: string, began: number): { changed: boolean; silence: number } {
    const changed = this.text !== undefined && text !== this.text;
    if (text !== this.text) {
      this.text = text;
      this.since = performance.now();
    }
    return { changed, silence: Math.max(0, began - this.since) };
  }
}

const holderSchema = processSchema.extend({
  job: slurmJobSchema.exactOptional(),
  mark: z.string().exactOptional(),
  beat: z.string().exactOptional(),
}) satisfies z.ZodType<Holder>;

/** Undefined where the text is no holder's: its writer was killed, or has not written yet. */
function parseHolder(text: string): Holder | undefined {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Both times are the disk's own. */
async function removeLeftOvers(path: string, instant: number): Promise<void> {
  const timeOf = async (file: string) => (await stat(file).catch(() => undefined))?.mtimeMs;
  const [now, dir] = [await timeOf(path), dirname(path)];
  for (const name of await unfinishedLocks(path)) {
    const made = await timeOf(join(dir, name));
    if (now !== undefined && made !== undefined && Math.abs(now - made) > 2 * instant)
      await rm(join(dir, name), { force: true });
  }
}

/** A lock of another machine that has not been written to for so many milliseconds is shown as nobody's, whatever the clocks. */
const SHOWN_SILENCE = 10 * 60_000;

/**
 * The process that has a lock, to be shown: it may still be at work, for all that a look from here can say. Takes nothing, waits for
 * nothing.
 *
 * @throws GlossaError IO_ERROR; NOT_A_FILE, FILE_TOO_LARGE where something else has the lock's name.
 */
export async function lockHolder(path: string): Promise<Holder | undefined> {
  const text = await readLockFile(path);
  const holder = text === undefined ? undefined : parseHolder(text);
  if (!holder) return undefined;
  const life = lifeOf(holder);
  if (life !== 'elsewhere' || holder.beat === undefined) return life === 'gone' ? undefined : holder;
  const written = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  return Math.abs(Date.now() - written) > SHOWN_SILENCE ? undefined : holder;
}
