import { GlossaError } from '../base/error.js';
import { tryLock } from '../base/lock.js';

/**
 * Takes the run's folder for this process, so that two never train in one. A lock whose process is gone (killed, crashed) is
 * taken over.
 *
 * @returns gives the lock back.
 * @throws GlossaError RUN_LOCKED naming the other process; IO_ERROR.
 */
export async function lockRun(path: string): Promise<() => Promise<void>> {
  const lock = await tryLock(path);
  if (lock.taken) return lock.release;
  if (lock.holder === undefined) {
    throw new GlossaError('RUN_LOCKED', `${path}: several processes want this folder`, {
      hint: 'choose another run.dir',
    });
  }
  const { pid, host } = lock.holder;
  throw new GlossaError('RUN_LOCKED', `${path}: process ${String(pid)} on ${host} is training in this folder`, {
    hint: `wait for it, choose another run.dir, or delete ${path} if that process is gone`,
  });
}
