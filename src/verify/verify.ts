import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import {
  checkpointAt,
  checkpointBefore,
  checkpointSteps,
  FileHistory,
  historyDamage,
  linesUpTo,
  readMetrics,
  readRecord,
  runFolder,
  type CheckpointState,
  type MetricsLine,
  type RunFolder,
} from '../run/index.js';
import { resume, type Tell } from '../trainer/index.js';
import { comparePlayed, type Apart, type Compared } from './compare.js';
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
  const target = step ?? (await checkpointSteps(run)).at(-1) ?? 0;
  const made = then.at(-1)?.step ?? 0;
  if (target < 1 || target > made)
    throw new GlossaError('USAGE', `${dir} has no step ${String(target)} to play again`, {
      hint: made === 0 ? 'it has made none' : `it has made steps 1 to ${String(made)}`,
    });
  const checkpoint = await checkpointBefore(run, target, warn);
  const from = checkpoint?.state.step ?? 0;
  const earlier = checkpoint ? await changedBefore(run, checkpoint.state) : [];
  const replica = await replicaOf(run, record, then, from);
  try {
    const stop = record.stopped === undefined ? {} : endOf(then.at(-1)!);
    await play(replica, target, { stop, acceptChanges: acceptChanges ?? false, tell, abort });
    const now = await readMetrics(replica.metrics);
    const to = now.at(-1)!.step;
    const ends = new Set(record.resumed.map((each) => each.step));
    const compared = await comparePlayed({ run, replica }, { then, now, ends }, [from, Math.min(to, made)]);
    // What is damaged in other ways than in its numbers is not the same either.
    const damage = compared.apart.length === 0 ? await damageOf(run, to) : undefined;
    const apart = [...earlier, ...compared.apart, ...(damage === undefined ? [] : [{ step: to, what: damage }])];
    return { ...compared, apart, from, to, same: apart.length === 0 };
  } finally {
    await rm(replica.dir, { recursive: true, force: true });
  }
}

/** What lies before the checkpoint and is not what it was when that was written: known by its checksum, without being played. */
async function changedBefore(run: RunFolder, { step, history }: CheckpointState): Promise<Apart[]> {
  if (!history) return [];
  const { lines, missing } = await linesUpTo(run.metrics, step);
  const damage = await historyDamage(run, step, history, { lines, missing, files: new FileHistory() });
  return damage.map((what) => ({ step, what: `before its checkpoint: ${what}` }));
}

/** What is wrong with the checkpoint of a step, where there is one. */
async function damageOf(run: RunFolder, step: number): Promise<string | undefined> {
  if (!(await checkpointSteps(run)).includes(step)) return undefined;
  try {
    await checkpointAt(run, step);
    return undefined;
  } catch (error) {
    if (error instanceof GlossaError && error.code === 'CHECKPOINT_CORRUPT') return error.message;
    throw error;
  }
}

/**
 * The condition by which a run that has ended early ends after its last step again, whatever ended it, a clock included: at this end
 * it was evaluated. An earlier version did not evaluate there, and its runs are only played up to the step.
 */
function endOf(line: MetricsLine): { tokens?: number } {
  const tokens = line.num_tokens;
  const evaluated = Object.keys(line).some((name) => name.startsWith('eval_'));
  return evaluated && typeof tokens === 'number' ? { tokens } : {};
}

/** Goes on in the folder until the step is made; a generation is played to its end. */
async function play(
  { dir }: RunFolder,
  target: number,
  {
    stop,
    acceptChanges,
    tell,
    abort,
  }: { stop: { tokens?: number }; acceptChanges: boolean; tell: Tell; abort: AbortSignal },
): Promise<void> {
  const enough = new AbortController();
  const played = (config: ResolvedConfig): ResolvedConfig => ({
    ...config,
    // Saved once, at the end: what it is compared with is.
    checkpoint: { ...config.checkpoint, every: 0 },
    stop: { ...stop, min_delta: config.stop.min_delta, greater_is_better: config.stop.greater_is_better },
  });
  await resume(dir, (config) => ({ config: played(config), set: [] }), {
    acceptChanges,
    abort,
    stop: enough.signal,
    tell(event) {
      tell(event);
      if (event.type === 'step' && event.line.step >= target) enough.abort();
    },
  });
}
