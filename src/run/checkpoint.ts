import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ioError, writeFileAtomic } from '../base/atomic.js';
import { checksumsOf, sealedJson, type Checksums } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { makeFolder, namesIn } from '../base/folder.js';
import { stepOf, type RunFolder } from './folder.js';
import { copyTokenizer, isModelFile, isTemporaryFolder, removeModelFolder, writeModelFolder } from './model_folder.js';
import { isModelOnly, verifyCheckpoint, type CheckpointState } from './state.js';

export interface CheckpointWriter {
  /** Writes config.json, model.safetensors (or shards) and state.safetensors into the folder; their checksums. */
  save: (dir: string) => Promise<Checksums>;
  /** Folder whose tokenizer files are copied. */
  tokenizerDir: string;
  /** Step of a checkpoint that is not removed, however old. */
  best?: number | undefined;
  /** Refuses, before the checkpoint is put in its place, where the run is not this process's any more. */
  fence: () => Promise<void>;
}

/**
 * Writes checkpoints/NNNNNN so that it is there as a whole or not at all: into a temporary folder, with checksums, fsync,
 * rename. Then older ones are removed until `keep` whole ones are left; none is touched before the new one is complete.
 *
 * @throws GlossaError IO_ERROR (disk full, read-only); older checkpoints stay.
 */
export async function writeCheckpoint(
  run: RunFolder,
  state: Omit<CheckpointState, 'format' | 'files'>,
  { save, tokenizerDir, fence, best }: CheckpointWriter,
  keep: number,
): Promise<string> {
  const target = run.checkpoint(state.step);
  await fence();
  await makeFolder(run.checkpoints);
  await removeTemporary(run.checkpoints);
  const fill = async (dir: string) => {
    const written = await save(dir);
    await copyTokenizer(tokenizerDir, dir);
    const files = await checksumsOf(dir, written);
    await writeFileAtomic(join(dir, 'state.json'), sealedJson({ format: 2, ...state, files }));
    await fence();
  };
  await writeModelFolder(target, fill, 'the checkpoint');
  await prune(run, state.step, keep, best);
  return target;
}

/** Steps that have a checkpoint, whole or not, ascending. */
export async function checkpointSteps(run: RunFolder): Promise<number[]> {
  const steps: number[] = [];
  for (const name of await namesIn(run.checkpoints)) {
    const step = /^\d+$/.test(name) ? stepOf(name) : undefined;
    if (step === undefined) continue;
    // What somebody put into a folder whose checkpoint is pruned stays, and is no checkpoint.
    if ((await namesIn(join(run.checkpoints, name))).some(isModelFile)) steps.push(step);
  }
  return steps.sort((a, b) => a - b);
}

export interface FoundCheckpoint {
  dir: string;
  state: CheckpointState;
}

/**
 * The newest checkpoint whose files are all there and have their checksums. A damaged one is told to `warn` and passed over.
 * Undefined where there is none at all.
 *
 * @throws GlossaError CHECKPOINT_CORRUPT where there are checkpoints and none is whole.
 */
export async function latestCheckpoint(
  run: RunFolder,
  warn: (message: string) => void,
): Promise<FoundCheckpoint | undefined> {
  const steps = await checkpointSteps(run);
  let last: GlossaError | undefined;
  for (const step of steps.reverse()) {
    try {
      return await checkpointAt(run, step);
    } catch (error) {
      if (!(error instanceof GlossaError)) throw error;
      last = error;
      warn(`${error.message}; taking the one before`);
    }
  }
  if (last)
    throw new GlossaError('CHECKPOINT_CORRUPT', `${run.checkpoints}: no checkpoint is whole. ${last.message}`, {
      hint: 'start the run again in a new folder',
    });
  return undefined;
}

/**
 * The newest checkpoint before a step that training can go on from, whose files are all there and have their checksums; newer ones
 * that are damaged are told to `warn`. Older ones are not read.
 */
export async function checkpointBefore(
  run: RunFolder,
  step: number,
  warn: (message: string) => void,
): Promise<FoundCheckpoint | undefined> {
  const steps = (await checkpointSteps(run)).filter((each) => each < step);
  for (const each of steps.reverse()) {
    try {
      const found = await checkpointAt(run, each);
      if (!isModelOnly(found.state)) return found;
    } catch (error) {
      if (!(error instanceof GlossaError)) throw error;
      warn(`${error.message}; passing it over`);
    }
  }
  return undefined;
}

/** The checkpoint after a step. @throws GlossaError MODEL_NOT_FOUND with the steps there are, CHECKPOINT_CORRUPT. */
export async function checkpointAt(run: RunFolder, step: number): Promise<FoundCheckpoint> {
  const steps = await checkpointSteps(run);
  if (!steps.includes(step))
    throw new GlossaError('MODEL_NOT_FOUND', `${run.dir}: there is no checkpoint after step ${String(step)}`, {
      hint: steps.length === 0 ? 'it has none yet' : `there are ${steps.map(String).join(', ')}`,
    });
  const dir = run.checkpoint(step);
  const state = await verifyCheckpoint(dir);
  if (state.step !== step) throw misplaced(dir, state.step);
  return { dir, state };
}

function misplaced(dir: string, step: number): GlossaError {
  return new GlossaError('CHECKPOINT_CORRUPT', `${dir}: its state.json is of step ${String(step)}`);
}

/**
 * Removes checkpoints that are older than the `keep` newest whole ones, but for the best. What is damaged does not count, so the last whole one
 * always stays; a damaged one that is newer stays too, for whoever wants to look.
 */
async function prune(run: RunFolder, written: number, keep: number, best: number | undefined): Promise<void> {
  const steps = await checkpointSteps(run);
  if (steps.length <= keep) return;
  let whole = 0;
  for (const step of steps.reverse()) {
    if (step === best && step !== written && whole >= keep) continue;
    if (whole >= keep) await removeModelFolder(run.checkpoint(step));
    else if (step === written || (await isWhole(run.checkpoint(step)))) whole++;
  }
}

/** Checkpoints found whole, and the sizes and times that their files had then: to read gigabytes once is enough. */
const verified = new Map<string, string>();

async function isWhole(dir: string): Promise<boolean> {
  const before = await lookOf(dir);
  if (verified.get(dir) === before) return true;
  try {
    await verifyCheckpoint(dir);
  } catch (error) {
    if (error instanceof GlossaError) return false;
    throw error;
  }
  verified.set(dir, before);
  return true;
}

async function lookOf(dir: string): Promise<string> {
  const looks: string[] = [];
  for (const name of (await readdir(dir)).sort()) {
    const info = await stat(join(dir, name), { bigint: true }).catch(() => undefined);
    looks.push(`${name} ${String(info?.ino)} ${String(info?.size)} ${String(info?.mtimeNs)} ${String(info?.ctimeNs)}`);
  }
  return looks.join('\n');
}

/** Left behind by a run that was killed while it wrote or pruned. */
export async function removeTemporary(dir: string): Promise<void> {
  for (const name of await namesIn(dir)) {
    if (!isTemporaryFolder(name)) continue;
    await rm(join(dir, name), { recursive: true, force: true }).catch((error: unknown) => {
      throw ioError('remove', join(dir, name), error);
    });
  }
}
