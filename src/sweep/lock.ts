import { setTimeout as wait } from 'node:timers/promises';
import { GlossaError } from '../base/error.js';
import { LockClaim, type Lock } from '../base/lock.js';
import { sweepFolder } from './folder.js';

/** Milliseconds between two looks at a lock whose holder may be gone. */
const LOOK_EVERY = 200;

/**
 * Takes a sweep for this process, so that two never start its runs side by side. The folder must exist.
 *
 * @throws GlossaError SWEEP_LOCKED naming the other process; IO_ERROR.
 */
export async function lockSweep(dir: string, warn: (message: string) => void = () => undefined): Promise<Lock> {
  const path = sweepFolder(dir).lock;
  const claim = new LockClaim(path);
  for (let looks = 0; ; looks++) {
    const attempt = await claim.try();
    if (attempt.state === 'taken') return attempt.lock;
    if (attempt.state === 'held') {
      const { pid, host } = attempt.holder;
      throw new GlossaError('SWEEP_LOCKED', `${path}: process ${String(pid)} on ${host} works on this sweep`, {
        hint: 'wait for it, or stop it there with Ctrl-C; then the same command goes on',
      });
    }
    if (looks === 0 && attempt.holder)
      warn(`${path}: looking whether its process on ${attempt.holder.host} still lives`);
    await wait(LOOK_EVERY);
  }
}
