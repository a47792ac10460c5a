import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { requireFile } from '../base/read_file.js';
import { parquetFile } from './parquet.js';

/** Writes one batch as a Parquet file, whole or not at all. */
export async function writeRolloutFile(path: string, batch: RecordBatch): Promise<void> {
  await writeFileAtomic(path, parquetFile(batch.schema, [batch]));
}

/**
 * The rows of a file that {@link writeRolloutFile} wrote, each an object of its columns.
 *
 * @param columns those to read; all of them by default. One that the file lacks is left out.
 * @throws GlossaError `IO_ERROR` or `NOT_A_FILE` where it cannot be read, `ROLLOUT_INVALID` where it is not a Parquet file.
 */
export async function readRolloutFile(path: string, columns?: readonly string[]): Promise<Record<string, unknown>[]> {
  const [{ asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema }, { compressors }] =
    await Promise.all([import('hyparquet'), import('hyparquet-compressors')]);
  await requireFile(path);
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const present = parquetSchema(metadata).children.map((child) => child.element.name);
    const wanted = columns?.filter((column) => present.includes(column)) ?? present;
    return await parquetReadObjects({ file, metadata, compressors, columns: wanted });
  } catch (cause) {
    throw new GlossaError('ROLLOUT_INVALID', `${path}: not a Parquet file that can be read: ${String(cause)}`, {
      cause,
      hint: 'restore it, or leave it out',
    });
  }
}

/**
 * Steps of the rollouts in a run's folder, ascending.
 *
 * @throws GlossaError `ROLLOUT_INVALID` where an earlier version wrote them, as Arrow files.
 */
export async function rolloutSteps(dir: string): Promise<number[]> {
  const names = await readdir(dir).catch(() => [] as string[]);
  const steps = names.flatMap((name) => {
    const digits = /^(\d+)\.parquet$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  const older = names.find((name) => extname(name) === '.arrow');
  if (steps.length === 0 && older !== undefined)
    throw new GlossaError(
      'ROLLOUT_INVALID',
      `${dir}: ${older} is of an earlier version; rollouts are Parquet files now`,
      {
        hint: 'move the .arrow files away, or turn them into Parquet: pyarrow reads and writes both',
      },
    );
  return steps.sort((a, b) => a - b);
}
