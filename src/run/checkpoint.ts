import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ioError, syncDirectory, writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { readText, requireFile } from '../base/read_file.js';
import { stepName, stepOf, type RunFolder } from './folder.js';

/** What a checkpoint holds beside weights and optimizer state: all that a run carries from one step to the next. */
export interface CheckpointState {
  format: 1;
  /** Optimizer steps made. */
  step: number;
  /** Prompt and completion tokens trained on so far (TRL's num_tokens). */
  numTokens: number;
  /** Prompts drawn so far: position in the endless stream of problems. */
  promptsDrawn: number;
  /** Steps in a row, up to this one, in which every reward was 0. */
  zeroRewardSteps: number;
  /** SHA-256 (hex) of every other file of the folder. */
  files: Record<string, string>;
}

export interface CheckpointWriter {
  /** Writes config.json, model.safetensors (or shards) and state.safetensors into the folder. */
  save: (dir: string) => Promise<void>;
  /** Folder whose tokenizer files are copied. */
  tokenizerDir: string;
}

/** Files of a tokenizer's folder that belong to a model and are copied with it. */
const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'tokenizer.model',
  'generation_config.json',
  'chat_template.jinja',
  'vocab.json',
  'merges.txt',
];

/**
 * Writes checkpoints/NNNNNN so that it is there as a whole or not at all: into a temporary folder, with checksums, fsync,
 * rename. Then older ones are removed until `keep` are left; none is touched before the new one is complete.
 *
 * @throws GlossaError IO_ERROR (disk full, read-only); older checkpoints stay.
 */
export async function writeCheckpoint(
  run: RunFolder,
  state: Omit<CheckpointState, 'format' | 'files'>,
  { save, tokenizerDir }: CheckpointWriter,
  keep: number,
): Promise<string> {
  const target = run.checkpoint(state.step);
  const temporary = join(run.checkpoints, `.${stepName(state.step)}-${String(process.pid)}.tmp`);
  try {
    await mkdir(run.checkpoints, { recursive: true });
    await removeTemporary(run);
    await mkdir(temporary);
    await save(temporary);
    await copyTokenizer(tokenizerDir, temporary);
    const files: Record<string, string> = {};
    for (const name of (await readdir(temporary)).sort()) {
      files[name] = await sha256(join(temporary, name));
      await syncFile(join(temporary, name));
    }
    const whole: CheckpointState = { format: 1, ...state, files };
    await writeFileAtomic(join(temporary, 'state.json'), `${JSON.stringify(whole, null, 2)}\n`);
    await syncDirectory(temporary);
    await rm(target, { recursive: true, force: true }); // of an interrupted run that got this far and could not be read
    await rename(temporary, target);
    await syncDirectory(run.checkpoints);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw ioError('write the checkpoint', target, error);
  }
  await prune(run, keep);
  return target;
}

/** Copies the files that make a tokenizer, as they are; a packed tokenizer.json.gz is unpacked, since others read no such file. */
async function copyTokenizer(from: string, to: string): Promise<void> {
  const present = new Set(await readdir(from));
  const there = new Set(await readdir(to));
  for (const name of TOKENIZER_FILES) {
    if (there.has(name)) continue;
    // Through streams, not copyFile: a read-only original would leave a copy that cannot be opened for fsync.
    const copy = (source: string, ...through: [] | [ReturnType<typeof createGunzip>]) =>
      pipeline([createReadStream(join(from, source)), ...through, createWriteStream(join(to, name))]);
    if (present.has(name)) await copy(name);
    else if (name === 'tokenizer.json' && present.has(`${name}.gz`)) await copy(`${name}.gz`, createGunzip());
  }
}

/** Steps that have a checkpoint folder, ascending. */
export async function checkpointSteps(run: RunFolder): Promise<number[]> {
  let names: string[];
  try {
    names = await readdir(run.checkpoints);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw ioError('read', run.checkpoints, error);
  }
  return names.flatMap((name) => (/^\d+$/.test(name) ? [stepOf(name) ?? -1] : [])).sort((a, b) => a - b);
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
    const dir = run.checkpoint(step);
    try {
      return { dir, state: await verifyCheckpoint(dir) };
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

/** Checks every file against its checksum. @throws GlossaError CHECKPOINT_CORRUPT naming the file. */
export async function verifyCheckpoint(dir: string): Promise<CheckpointState> {
  const corrupt = (message: string, cause?: unknown) =>
    new GlossaError('CHECKPOINT_CORRUPT', `${dir}: ${message}`, { cause });
  let state: CheckpointState;
  try {
    state = JSON.parse(await readText(join(dir, 'state.json'))) as CheckpointState;
  } catch (error) {
    throw corrupt(`state.json cannot be read: ${(error as Error).message}`, error);
  }
  if (state.format !== 1 || typeof state.files !== 'object')
    throw corrupt('state.json is not of a format this version reads');
  for (const [name, expected] of Object.entries(state.files)) {
    let got: string;
    try {
      got = await sha256(join(dir, name));
    } catch (error) {
      throw corrupt(`${name} cannot be read: ${(error as Error).message}`, error);
    }
    if (got !== expected)
      throw corrupt(
        `${name} has checksum ${got.slice(0, 12)}..., expected ${expected.slice(0, 12)}...: the file was changed or cut off`,
      );
  }
  return state;
}

async function prune(run: RunFolder, keep: number): Promise<void> {
  const steps = await checkpointSteps(run);
  for (const step of steps.slice(0, -keep)) await rm(run.checkpoint(step), { recursive: true, force: true });
}

/** Left behind by a run that was killed while it wrote. */
async function removeTemporary(run: RunFolder): Promise<void> {
  for (const name of await readdir(run.checkpoints)) {
    if (name.startsWith('.') && name.endsWith('.tmp'))
      await rm(join(run.checkpoints, name), { recursive: true, force: true });
  }
}

async function sha256(path: string): Promise<string> {
  await requireFile(path);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.sync().finally(() => handle.close());
}
