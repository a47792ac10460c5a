import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../base/atomic.js';
import { damageOf, isSealed, sealedJson, sha256OfFile, sha256Schema } from '../base/checksum.js';
import { makeFolder, namesIn } from '../base/folder.js';
import { lifeOf, parseProcess, thisProcess } from '../base/process.js';
import { readTextIfThere } from '../base/read_file.js';
import { labSettingsSchema } from './settings_schema.js';
import type { LabSettings } from './types.js';

/** What lab.json beside the model records. */
export interface LabRecord {
  version: number;
  settings: LabSettings;
  parameters: number;
  finalLoss: number;
  seconds: number;
}

const RECORD = 'lab.json';
/** Names the process that fills a folder. */
const OWNER = 'owner.json';
/** A folder whose process is not known is taken for left behind after so many milliseconds. */
const DAY = 86_400_000;

const recordSchema = z.looseObject({
  version: z.int(),
  settings: labSettingsSchema,
  parameters: z.int().min(1),
  finalLoss: z.number(),
  seconds: z.number().min(0),
  files: z.record(z.string().regex(/^(?!.*\.\.)[\w.-]+(\/[\w.-]+)?$/), sha256Schema),
});

/** `damage` in words where the folder is not whole; neither where there is none. */
export type CachedLab = { record: LabRecord; damage?: undefined } | { record?: undefined; damage: string | undefined };

/** The finished model of a folder, if every file is as lab.json says. */
export async function readCached(dir: string): Promise<CachedLab> {
  const text = await readTextIfThere(join(dir, RECORD));
  if (text === undefined) return { damage: (await namesIn(dir)).length > 0 ? `${RECORD} is gone` : undefined };
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    return { damage: `${RECORD} is not JSON: ${(error as Error).message}` };
  }
  const parsed = recordSchema.safeParse(raw);
  if (!parsed.success || !isSealed(raw))
    return { damage: `${RECORD} is of an earlier version, or was changed or cut off` };
  const damage = await damageOf(dir, parsed.data.files);
  return damage === undefined ? { record: parsed.data } : { damage };
}

/** Writes lab.json with the checksums of all files: the model is finished. */
export async function writeCached(dir: string, record: LabRecord): Promise<void> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    const name = join(entry.parentPath, entry.name).slice(dir.length + 1);
    if (entry.isFile() && name !== OWNER) files[name] = await sha256OfFile(join(dir, name));
  }
  await writeFileAtomic(join(dir, RECORD), sealedJson({ ...record, files }));
}

/** A folder in which this process makes the model of `hash`; what killed processes have left of theirs goes. */
export async function beginUnfinished(cacheDir: string, hash: string): Promise<string> {
  await makeFolder(cacheDir);
  await sweep(cacheDir);
  const dir = join(cacheDir, `.${hash}.${randomBytes(4).toString('hex')}`);
  await mkdir(dir);
  await writeFile(join(dir, OWNER), JSON.stringify(thisProcess()));
  return dir;
}

/** Puts a finished folder in its place. A damaged one goes; another process's, finished first, stays: its bits are these bits. */
export async function settle(unfinished: string, dir: string): Promise<void> {
  await rm(join(unfinished, OWNER));
  if ((await readCached(dir)).record) return;
  const aside = `${unfinished}.old`;
  await rename(dir, aside).catch(() => undefined); // most often there is none
  await rename(unfinished, dir).catch(async (error: unknown) => {
    if (!(await readCached(dir)).record) throw error;
  });
  await rm(aside, { recursive: true, force: true });
}

async function sweep(cacheDir: string): Promise<void> {
  for (const name of await namesIn(cacheDir)) {
    if (!/^\.[0-9a-f]{16}\.[0-9a-f]+(\.old)?$/.test(name)) continue;
    const dir = join(cacheDir, name);
    const owner = parseProcess((await readTextIfThere(join(dir, OWNER)).catch(() => undefined)) ?? '');
    const age = Date.now() - ((await stat(dir).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (owner ? lifeOf(owner) === 'gone' : Math.abs(age) > DAY) await rm(dir, { recursive: true, force: true });
  }
}
