import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import {
  isModelOnly,
  readMetrics,
  readRecord,
  runFolder,
  wholeCheckpoints,
  type FoundCheckpoint,
  type RunFolder,
} from '../run/index.js';
import { resume, type Tell } from '../trainer/index.js';
import { comparePlayed, type Compared } from './compare.js';
import { replicaOf } from './replica.js';

export interface VerifySettings {
  /** Folder of a run. */
  run: string;
  /** Step to play again; default: those between the last two checkpoints (of one checkpoint: from the beginning to it). */
  step?: number;
  /** Play it although files, config or machine are otherwise than when the run was started. */
  acceptChanges?: boolean;
  tell: Tell;
  /** Aborted: everything ends at once. */
  abort: AbortSignal;
}

export interface Verified extends Compared {
  /** Step of the checkpoint that it was played from; 0: from the beginning. */
  from: number;
  /** Last step played. */
  to: number;
  same: boolean;
}

/**
 * Plays steps of a run again, from the newest checkpoint before them, in a folder of its own, and compares metrics (but for timings),
 * rollouts, evaluations and, where the run has a checkpoint of the last step, weights and optimizer, byte by byte. The run is only read.
 *
 * @throws GlossaError RUN_NOT_FOUND, RUN_CORRUPT, USAGE (a step that was not made), RUN_CHANGED, and as resuming does.
 */
export async function verifyRun({ run: dir, step, acceptChanges, tell, abort }: VerifySettings): Promise<Verified> {
  const run = runFolder(resolve(dir));
  const warn = (message: string) => {
    tell({ type: 'warning', message });
  };
  const record = await readRecord(run.dir, warn);
  const then = await readMetrics(run.metrics);
  const checkpoints = (await wholeCheckpoints(run, warn)).filter(({ state }) => !isModelOnly(state));
  const target = step ?? checkpoints.at(-1)?.state.step ?? 0;
  const made = then.at(-1)?.step ?? 0;
  if (target < 1 || target > made)
    throw new GlossaError('USAGE', `${dir} has no step ${String(target)} to play again`, {
      hint: made === 0 ? 'it has made none' : `it has made steps 1 to ${String(made)}`,
    });
  const from = before(checkpoints, target);
  const replica = await replicaOf(run, record, then, from);
  try {
    await play(replica, target, { acceptChanges: acceptChanges ?? false, tell, abort });
    const now = await readMetrics(replica.metrics);
    const to = now.at(-1)!.step;
    const compared = await comparePlayed({ run, replica }, { then, now }, [from, Math.min(to, made)]);
    return { ...compared, from, to, same: compared.apart.length === 0 };
  } finally {
    await rm(replica.dir, { recursive: true, force: true });
  }
}

const before = (checkpoints: readonly FoundCheckpoint[], target: number): number =>
  checkpoints.map(({ state }) => state.step).findLast((step) => step < target) ?? 0;

/** Goes on in the folder until the step is made; a generation is played to its end. */
async function play(
  { dir }: RunFolder,
  target: number,
  { acceptChanges, tell, abort }: { acceptChanges: boolean; tell: Tell; abort: AbortSignal },
): Promise<void> {
  const enough = new AbortController();
  // Saved once, at the end: what it is compared with is.
  await resume(dir, (config) => ({ config: { ...config, checkpoint: { ...config.checkpoint, every: 0 } }, set: [] }), {
    acceptChanges,
    abort,
    stop: enough.signal,
    tell(event) {
      tell(event);
      if (event.type === 'step' && event.line.step >= target) enough.abort();
    },
  });
}
