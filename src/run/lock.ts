import { setTimeout as wait } from 'node:timers/promises';
import { dirname } from 'node:path';
import { GlossaError } from '../base/error.js';
import { LockClaim, LOCK_TIMING, type Holder, type Lock, type LockTiming } from '../base/lock.js';

/** Milliseconds between two looks at a lock whose holder may be gone. */
const LOOK_EVERY = 200;

/** The lock of a run's folder. */
export interface RunLock {
  /**
   * To be called before anything is written into the folder.
   *
   * @throws GlossaError RUN_TAKEN_OVER where the lock is not this process's any more; IO_ERROR.
   */
  fence: () => Promise<void>;
  release: () => Promise<void>;
}

export interface LockOptions {
  /** Told where it takes time to see whether a holder still lives. */
  warn?: (message: string) => void;
  /** Ends the waiting. */
  stop?: AbortSignal | undefined;
  timing?: LockTiming;
}

/**
 * Takes the run's folder for this process, so that two never train in one. A lock whose process is gone (killed, crashed) is
 * taken over; one of another machine once its holder has not renewed it for 45 seconds, or Slurm says that its job is over.
 *
 * @throws GlossaError RUN_LOCKED naming the other process; ABORTED; IO_ERROR.
 */
export async function lockRun(path: string, { warn, stop, timing = LOCK_TIMING }: LockOptions = {}): Promise<RunLock> {
  const claim = new LockClaim(path, timing);
  const began = performance.now();
  let told = false;
  for (;;) {
    const attempt = await claim.try();
    if (attempt.state === 'taken') return heldRun(path, attempt.lock);
    if (attempt.state === 'held') throw locked(path, attempt.holder);
    // Several processes that want it, one after the other, would keep this one waiting.
    if (performance.now() - began > 2 * timing.silence) throw locked(path, attempt.holder);
    if (attempt.holder && !told) {
      told = true;
      const { pid, host } = attempt.holder;
      warn?.(
        `${path}: looking for up to ${String(timing.silence / 1000)} s whether process ${String(pid)} on ${host} still lives`,
      );
    }
    if (stop?.aborted)
      throw new GlossaError('ABORTED', `${path}: stopped before it was known whether its holder lives`);
    await wait(Math.min(LOOK_EVERY, timing.beat));
  }
}

function locked(path: string, holder: Holder | undefined): GlossaError {
  if (holder === undefined) {
    return new GlossaError('RUN_LOCKED', `${path}: several processes want this folder`, {
      hint: 'choose another run.dir',
    });
  }
  const { pid, host } = holder;
  return new GlossaError('RUN_LOCKED', `${path}: process ${String(pid)} on ${host} is training in this folder`, {
    hint: `wait for it, choose another run.dir, or delete ${path} if that process is gone`,
  });
}

function heldRun(path: string, lock: Lock): RunLock {
  return {
    release: () => lock.release(),
    async fence() {
      if (await lock.isHeld()) return;
      throw new GlossaError(
        'RUN_TAKEN_OVER',
        `${path} is not this process's any more: another one has taken the run over while this one stood still, or the file was removed; nothing more is written`,
        { hint: `npx glossa train --resume ${dirname(path)} goes on with it, once no other process does` },
      );
    },
  };
}
