import type { RecordBatch } from 'apache-arrow';
import type { Problem } from '../data/types.js';
import { rolloutBatch } from '../engine/index.js';
import { addColumns, gradedColumns } from '../rollout/index.js';
import type { Evaluation } from './evaluate.js';

/** The completions of an evaluation, one row each, in the columns of a rollout. */
export function evaluationRows(
  { suite, file, problems }: { suite: string; file: string; problems: readonly Problem[] },
  evaluation: Evaluation,
): RecordBatch {
  const additions = gradedColumns({ ...evaluation, problems, suite, fileOf: () => file });
  // An engine that was opened from a checkpoint counts from 0.
  const policyStep = new Int32Array(evaluation.columns.rows).fill(evaluation.step);
  return addColumns(rolloutBatch({ ...evaluation.columns, policyStep }), additions);
}
