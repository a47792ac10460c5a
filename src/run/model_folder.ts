import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ioError, syncDirectory } from '../base/atomic.js';
import { namesIn } from '../base/folder.js';
import { requireFile } from '../base/read_file.js';

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
const MODEL_FILES = [
  'config.json',
  'model.safetensors.index.json',
  'adapter_config.json',
  'state.json',
  ...TOKENIZER_FILES,
];

/** Whether a run writes a file of this name into a folder with a model (checkpoint, reference, final weights). */
export function isModelFile(name: string): boolean {
  return MODEL_FILES.includes(name) || isWeights(name) || name === 'state.safetensors';
}

/** Of a model, or of an adapter. */
export function isWeights(name: string): boolean {
  return /^(model(-\d+-of-\d+)?|adapter_model)\.safetensors$/.test(name);
}

/** Copies the files that make a tokenizer, as they are; a packed tokenizer.json.gz is unpacked, since others read no such file. */
export async function copyTokenizer(from: string, to: string): Promise<void> {
  const present = new Set(await readdir(from));
  const there = new Set(await readdir(to));
  for (const name of TOKENIZER_FILES) {
    if (there.has(name)) continue;
    // Through streams, not copyFile: a read-only original would leave a copy that cannot be opened for fsync.
    const copy = async (source: string, ...through: [] | [ReturnType<typeof createGunzip>]) => {
      await requireFile(join(from, source));
      await pipeline([createReadStream(join(from, source)), ...through, createWriteStream(join(to, name))]);
    };
    if (present.has(name)) await copy(name);
    else if (name === 'tokenizer.json' && present.has(`${name}.gz`)) await copy(`${name}.gz`, createGunzip());
  }
}

/**
 * Writes a folder with a model so that it is there as a whole or not at all, also across a crash: `fill` writes the files into a
 * temporary neighbour; then fsync, rename. Files of others that lie in the folder stay there.
 *
 * @param what what it is, for the message of an error.
 * @returns what `fill` does.
 * @throws GlossaError IO_ERROR (disk full, read-only), and what `fill` throws; what lay there before stays.
 */
export async function writeModelFolder<T>(
  target: string,
  fill: (dir: string) => Promise<T>,
  what?: string,
): Promise<T> {
  const temporary = temporaryName(target);
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    const result = await fill(temporary);
    await syncFiles(temporary);
    await placeModelFolder(temporary, target);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw ioError(what === undefined ? 'write' : `write ${what}`, target, error);
  }
}

/** Makes every file of the folder durable. */
async function syncFiles(dir: string): Promise<void> {
  for (const name of await readdir(dir)) {
    const handle = await open(join(dir, name), 'r+');
    await handle.sync().finally(() => handle.close());
  }
  await syncDirectory(dir);
}

async function placeModelFolder(finished: string, target: string): Promise<void> {
  await removeModelFolder(target);
  for (const name of await namesIn(target)) await rename(join(target, name), join(finished, name));
  await rmdir(target).catch(() => undefined); // most often there is none
  await rename(finished, target);
  await syncDirectory(dirname(target));
}

/** Removes what a run wrote into a folder with a model, all at once where nothing else lies in it. */
export async function removeModelFolder(dir: string): Promise<void> {
  const names = await namesIn(dir);
  if (names.length > 0 && names.every(isModelFile)) {
    const leaving = temporaryName(dir, '.old');
    await rename(dir, leaving);
    await rm(leaving, { recursive: true, force: true });
    return;
  }
  // Without its state.json it is no checkpoint any more.
  for (const name of names.filter(isModelFile).sort((a, b) => Number(b === 'state.json') - Number(a === 'state.json')))
    await rm(join(dir, name), { recursive: true, force: true });
  await rmdir(dir).catch(() => undefined); // not empty, or not there
}

/** Where a folder of this name is written, or goes before it is removed: a dotted neighbour with the process's number. */
function temporaryName(dir: string, kind: '' | '.old' = ''): string {
  return join(dirname(dir), `.${basename(dir)}-${String(process.pid)}${kind}.tmp`);
}

/** A name that {@link temporaryName} gives. */
export function isTemporaryFolder(name: string): boolean {
  return /^\.(\d{6,}|reference|final|base)-\d+(\.old)?\.tmp$/.test(name);
}
