import type { RecordBatch } from 'apache-arrow';
import { REFERENCE_FIELD } from '../engine/index.js';
import { writeRolloutFile } from '../rollout/index.js';

/** Writes a generation: rollouts/NNNNNN.parquet. The reference's log-probabilities are left out; its weights give them again. */
export function writeGeneration(path: string, batch: RecordBatch): Promise<void> {
  const written = batch.schema.fields.flatMap(({ name }, index) => (name === REFERENCE_FIELD.name ? [] : [index]));
  return writeRolloutFile(path, batch.selectAt(written));
}
