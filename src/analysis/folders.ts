import type { Dirent } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ioError } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { nearPath } from '../base/near_path.js';

/** A folder of a run or a sweep, or one that should be a run's and is not. */
export type FoundFolder =
  { kind: 'run' | 'sweep'; dir: string } | { kind: 'broken'; dir: string; code: string; message: string };

/**
 * Runs and sweeps in a folder and in those below it, by path. Dotted folders and node_modules are passed over, and nothing is looked
 * for inside a run. What cannot be read, and what holds metrics or checkpoints and no run.json, is broken.
 *
 * @throws GlossaError RUN_NOT_FOUND where the folder itself is not there, IO_ERROR where it cannot be read.
 */
export async function foldersBelow(dir: string): Promise<FoundFolder[]> {
  const top = resolve(dir);
  const entries = await readdir(top, { withFileTypes: true }).catch(async (error: unknown) => {
    if (!isMissing(error)) throw ioError('read', top, error);
    const near = await nearPath(top);
    throw new GlossaError('RUN_NOT_FOUND', `there is no folder ${dir}`, {
      hint: near === undefined ? 'name the folder that your runs are in' : `did you mean ${near}?`,
      cause: error,
    });
  });
  const found: FoundFolder[] = [];
  await visit(top, entries, found, new Set());
  return found.sort((a, b) => (a.dir < b.dir ? -1 : 1));
}

async function visit(dir: string, entries: Dirent[], found: FoundFolder[], linked: Set<string>): Promise<void> {
  const names = new Set(entries.map(({ name }) => name));
  if (names.has('run.json') || names.has('.run.json')) {
    found.push({ kind: 'run', dir });
    return;
  }
  if (names.has('metrics.jsonl') || names.has('checkpoints')) {
    const message = `${dir} holds something of a run, but no run.json`;
    found.push({ kind: 'broken', dir, code: 'RUN_NO_RECORD', message });
    return;
  }
  if (names.has('sweep.json')) found.push({ kind: 'sweep', dir });
  for (const entry of entries) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    if (entry.isDirectory()) await enter(join(dir, entry.name), found, linked);
    else if (entry.isSymbolicLink()) await follow(join(dir, entry.name), found, linked);
  }
}

/** Each place once: links may lead back to where one came from. */
async function follow(link: string, found: FoundFolder[], linked: Set<string>): Promise<void> {
  const target = await realpath(link).catch(() => undefined);
  if (target === undefined || linked.has(target) || `${link}/`.startsWith(`${target}/`)) return;
  linked.add(target);
  await enter(link, found, linked);
}

async function enter(dir: string, found: FoundFolder[], linked: Set<string>): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(dir, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return; // removed in the meantime, or a link to a file
    const { message } = ioError('read', dir, error);
    found.push({ kind: 'broken', dir, code: 'IO_ERROR', message });
    return;
  }
  await visit(dir, entries, found, linked);
}

/** There is nothing of this name, or it is no folder. */
function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
