import {
  makeData,
  RecordBatch,
  Schema,
  Struct,
  vectorFromArray,
  type Data,
  type Dictionary,
  type Field,
  type Int8,
  type Utf8,
} from 'apache-arrow';
import { flatColumn, listColumn } from '../base/arrow.js';
import { keptOffsets } from './kept.js';
import { rolloutColumns } from './rollout_columns.js';
import { KEPT_FIELDS, REFERENCE_FIELD, rolloutSchema, SAMPLED_FIELDS } from './rollout_schema.js';
import { FINISH, type RolloutColumns } from './types.js';

/** A rollout as an Arrow record batch: the sampler's columns where they lie, without a copy. */
export function rolloutBatch(columns: RolloutColumns): RecordBatch {
  const { prompts, completions, logps, entropies } = columns;
  const schema = rolloutSchema();
  const children: Data[] = [
    flatColumn(SAMPLED_FIELDS.prompt_index, columns.promptIndex),
    flatColumn(SAMPLED_FIELDS.sample, columns.sample),
    listColumn(SAMPLED_FIELDS.prompt_ids, prompts.offsets, prompts.ids),
    listColumn(SAMPLED_FIELDS.completion_ids, completions.offsets, completions.ids),
    listColumn(SAMPLED_FIELDS.logps, completions.offsets, logps),
    listColumn(SAMPLED_FIELDS.entropies, completions.offsets, entropies),
    coded(SAMPLED_FIELDS.finish, columns.finish, FINISH),
    flatColumn(SAMPLED_FIELDS.policy_step, columns.policyStep),
  ];
  const batch = new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: columns.rows, nullCount: 0, children }),
  );
  const { keptCounts, keptIds } = columns;
  if (keptCounts === undefined || keptIds === undefined) return batch;
  const { kept_counts, kept_ids } = KEPT_FIELDS;
  return withColumns(batch, [
    { field: kept_counts, data: listColumn(kept_counts, completions.offsets, keptCounts) },
    { field: kept_ids, data: listColumn(kept_ids, keptOffsets(completions.offsets, keptCounts), keptIds) },
  ]);
}

/** The batch with more columns after its own, each with a value a row. */
export function withColumns(batch: RecordBatch, added: readonly { field: Field; data: Data }[]): RecordBatch {
  const schema = new Schema([...batch.schema.fields, ...added.map(({ field }) => field)], batch.schema.metadata);
  const children = [...batch.data.children, ...added.map(({ data }) => data)];
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: batch.numRows, nullCount: 0, children }),
  );
}

/** The batch with the reference's log-probabilities, one for each value of `completion_ids`, where they lie. */
export function withReference(batch: RecordBatch, logps: Float32Array): RecordBatch {
  const { offsets } = rolloutColumns(batch).completions;
  return withColumns(batch, [{ field: REFERENCE_FIELD, data: listColumn(REFERENCE_FIELD, offsets, logps) }]);
}

function coded(field: Field<Dictionary<Utf8, Int8>>, codes: Int8Array, names: readonly string[]): Data {
  const dictionary = vectorFromArray([...names], field.type.dictionary);
  return makeData({ type: field.type, length: codes.length, nullCount: 0, data: codes, dictionary });
}
