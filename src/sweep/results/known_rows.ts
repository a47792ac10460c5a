import { z } from 'zod';
import { writeFileAtomic } from '../../base/atomic.js';
import { isSealed, sealedJson } from '../../base/checksum.js';
import { readTextIfThere } from '../../base/read_file.js';
import type { RunRow } from './run_row.js';

/** Rows by run, each with the stamp of what it was made from. */
export type KnownRows = Map<string, { stamp: string; row: RunRow }>;

const schema = z.object({
  format: z.literal(1),
  rows: z.array(
    z.object({
      run: z.string(),
      stamp: z.string(),
      row: z.object({
        columns: z.array(z.object({ name: z.string(), type: z.enum(['text', 'integer', 'number', 'truth', 'time']) })),
        row: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
      }),
    }),
  ),
});

/** Of a sweep of ten thousand runs some tens of megabytes. */
const MOST_BYTES = 2 ** 29 - 2 ** 10;

/** None where the file is not there or is damaged: rows can be made again. @throws GlossaError IO_ERROR. */
export async function readKnownRows(path: string): Promise<KnownRows> {
  const text = await readTextIfThere(path, MOST_BYTES);
  if (text === undefined) return new Map();
  try {
    const raw: unknown = JSON.parse(text);
    if (!isSealed(raw)) return new Map();
    return new Map(schema.parse(raw).rows.map(({ run, stamp, row }) => [run, { stamp, row }]));
  } catch {
    return new Map();
  }
}

export async function writeKnownRows(path: string, rows: KnownRows): Promise<void> {
  const list = [...rows].map(([run, { stamp, row }]) => ({ run, stamp, row }));
  await writeFileAtomic(path, sealedJson({ format: 1, rows: list }));
}
