import { resolve } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../base/atomic.js';
import { isSealed, sealedJson } from '../base/checksum.js';
import { GlossaError } from '../base/error.js';
import { nearPath } from '../base/near_path.js';
import { readTextIfThere } from '../base/read_file.js';
import { sweepFolder } from './folder.js';
import { sweepSchema, type SweepSpec } from './schema.js';

/** sweep.json: what the sweep is, whole, so that its runs can be made without the files it was read from. */
export interface SweepRecord {
  format: 1;
  name: string;
  /** Folder of the sweep, absolute; where it was read from. */
  dir: string;
  /** The sweep file, absolute. */
  file: string;
  /** What stood there, defaults filled in, files as absolute paths. */
  spec: SweepSpec;
  base: { path: string | null; sha256: string; config: Record<string, unknown> };
  /** Version of glossa that wrote this. */
  glossa: string;
  created: string;
  /** By index. */
  runs: SweepRun[];
}

/** One run of a sweep. */
export interface SweepRun {
  /** From 0; a run keeps it, also where others come and go. */
  index: number;
  /** Of its folder below runs/. */
  name: string;
  arm: string | null;
  seed: number;
  /** Values of the axes that it has, by setting. */
  values: Record<string, unknown>;
  /** Everything over base and `set`, in order: the arm's settings, the axes' values, the seed. */
  settings: Record<string, unknown>;
  /** Its folder, absolute. */
  dir: string;
}

const runSchema = z.object({
  index: z.int().min(0),
  name: z.string().regex(/^[\w.+=-]+$/),
  arm: z.string().nullable(),
  seed: z.number(),
  values: z.record(z.string(), z.unknown()),
  settings: z.record(z.string(), z.unknown()),
});
const recordSchema = z.looseObject({
  format: z.literal(1, 'expected 1: the format is not one that this version reads'),
  name: z.string(),
  file: z.string(),
  spec: sweepSchema,
  base: z.object({ path: z.string().nullable(), sha256: z.string(), config: z.record(z.string(), z.unknown()) }),
  glossa: z.string(),
  created: z.string(),
  runs: z.array(runSchema),
});

/** A sealed sweep.json is some hundred bytes a run. */
const MOST_BYTES = 2 ** 30;

/** @throws GlossaError SWEEP_NOT_FOUND, SWEEP_CORRUPT, IO_ERROR. */
export async function readSweep(given: string): Promise<SweepRecord> {
  const found = await findSweep(given);
  if (found) return found;
  const near = await nearPath(given);
  throw new GlossaError('SWEEP_NOT_FOUND', `${given} is not the folder of a sweep: no sweep.json in it`, {
    hint: near === undefined ? 'name the folder that `npx glossa sweep` wrote' : `did you mean ${near}?`,
  });
}

/** As {@link readSweep}; undefined where there is no sweep.json. */
export async function findSweep(given: string): Promise<SweepRecord | undefined> {
  const folder = sweepFolder(resolve(given));
  const text = await readTextIfThere(folder.record, MOST_BYTES);
  if (text === undefined) return undefined;
  const corrupt = (message: string, cause?: unknown) =>
    new GlossaError('SWEEP_CORRUPT', `${folder.record}: ${message}`, {
      hint: 'move it away and call the sweep again: its runs are found and go on',
      cause,
    });
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw corrupt(`not JSON: ${(error as Error).message}`, error);
  }
  const parsed = recordSchema.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw corrupt(
      `not a record of a sweep: ${issue!.path.length > 0 ? `${issue!.path.join('.')}: ` : ''}${issue!.message}`,
    );
  }
  if (!isSealed(raw)) throw corrupt('it does not have the checksum that it names: it was changed or cut off');
  const { runs, ...rest } = parsed.data;
  return { ...rest, dir: folder.dir, runs: runs.map((run) => ({ ...run, dir: folder.run(run.name) })) };
}

/** Writes sweep.json whole, with a checksum of itself. @throws GlossaError IO_ERROR. */
export async function writeSweep({ dir, runs, ...record }: SweepRecord): Promise<void> {
  const written = { ...record, runs: runs.map(({ dir: _dir, ...run }) => run) };
  await writeFileAtomic(sweepFolder(dir).record, sealedJson(written));
}
