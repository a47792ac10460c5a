import type { RecordBatch } from 'apache-arrow';
import type { DataSet, Problem } from '../data/types.js';
import { REFERENCE_FIELD } from '../engine/index.js';
import { writeRolloutFile } from '../rollout/index.js';

/** Writes a generation: rollouts/NNNNNN.parquet. The reference's log-probabilities are left out; its weights give them again. */
export function writeGeneration(path: string, batch: RecordBatch): Promise<void> {
  const written = batch.schema.fields.flatMap(({ name }, index) => (name === REFERENCE_FIELD.name ? [] : [index]));
  return writeRolloutFile(path, batch.selectAt(written));
}

/** The file that each problem of the training sets was read from. */
export function problemFiles(sets: readonly DataSet[]): (problem: Problem) => string {
  const files = new Map(sets.flatMap(({ problems, settings }) => problems.map((problem) => [problem, settings.path])));
  return (problem) => files.get(problem)!;
}
