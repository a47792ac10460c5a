import { Table, tableFromIPC, tableToIPC, type RecordBatch } from 'apache-arrow';
import { writeFileAtomic } from '../base/atomic.js';
import { GlossaError } from '../base/error.js';
import { readFileWhole } from '../base/read_file.js';

/** Bytes of the rollouts of one step, which are read as one piece. */
const MOST_BYTES = 2 ** 31 - 1;

/** Writes one batch as an Arrow IPC file (Feather version 2), whole or not at all. */
export async function writeRolloutFile(path: string, batch: RecordBatch): Promise<void> {
  await writeFileAtomic(path, tableToIPC(new Table([batch]), 'file'));
}

/**
 * Reads a file that {@link writeRolloutFile} wrote.
 *
 * @throws GlossaError `IO_ERROR` where it cannot be read, `ROLLOUT_INVALID` where it is not an Arrow file of one batch.
 */
export async function readRolloutFile(path: string): Promise<RecordBatch> {
  const bytes = await readFileWhole(path, MOST_BYTES);
  let table: Table;
  try {
    table = tableFromIPC(bytes);
  } catch (cause) {
    throw new GlossaError('ROLLOUT_INVALID', `${path}: not an Arrow IPC file: ${String(cause)}`, { cause });
  }
  const [batch] = table.batches;
  if (batch === undefined || table.batches.length !== 1) {
    throw new GlossaError('ROLLOUT_INVALID', `${path}: expected one record batch, got ${String(table.batches.length)}`);
  }
  return batch;
}
