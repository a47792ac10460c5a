import { Type, type Data, type RecordBatch } from 'apache-arrow';
import { GlossaError } from '../base/error.js';
import type { Ragged } from '../engine/types.js';

/** The columns of a rollout batch that a training step reads: views of the batch's own memory. */
export interface TrainingColumns {
  rows: number;
  prompts: Ragged;
  completions: Ragged;
  /** Aligned with `completions.ids`. */
  logps: Float32Array;
  entropies: Float32Array;
  finish: Int8Array;
  policyStep: Int32Array;
  /** Null where nobody judged is NaN here. */
  advantages: Float32Array | undefined;
}

/**
 * A rollout batch as typed arrays for `grpoStep`, without a copy (except an advantage column with nulls).
 *
 * @throws GlossaError `ROLLOUT_INVALID` where a column is missing, of another type, or the lists do not line up.
 */
export function trainingColumns(batch: RecordBatch): TrainingColumns {
  const prompts = ragged(batch, 'prompt_ids', Int32Array);
  const completions = ragged(batch, 'completion_ids', Int32Array);
  const logps = ragged(batch, 'logps', Float32Array);
  const entropies = ragged(batch, 'entropies', Float32Array);
  for (const [name, column] of [
    ['logps', logps],
    ['entropies', entropies],
  ] as const) {
    if (column.values.length !== completions.values.length) {
      throw invalid(
        name,
        `${String(completions.values.length)} values, as many as completion_ids`,
        String(column.values.length),
      );
    }
  }
  return {
    rows: batch.numRows,
    prompts: { ids: prompts.values, offsets: prompts.offsets },
    completions: { ids: completions.values, offsets: completions.offsets },
    logps: logps.values,
    entropies: entropies.values,
    finish: flat(batch, 'finish', Int8Array),
    policyStep: flat(batch, 'policy_step', Int32Array),
    advantages: batch.getChild('advantage') === null ? undefined : withNaN(child(batch, 'advantage')),
  };
}

interface ArrayClass<T> {
  new (length: number): T;
  readonly name: string;
}

function invalid(column: string, expected: string, given: string): GlossaError {
  return new GlossaError('ROLLOUT_INVALID', `rollout column ${column}: expected ${expected}, got ${given}`);
}

const nameOf = ({ typeId }: Data): string => Type[typeId];

function child(batch: RecordBatch, name: string): Data {
  const index = batch.schema.fields.findIndex((field) => field.name === name);
  const data = batch.data.children[index];
  if (data === undefined) throw invalid(name, 'the column', 'none');
  return data;
}

function valuesOf<T extends { length: number }>(data: Data, name: string, kind: ArrayClass<T>): T {
  const values: unknown = data.values;
  if (!(values instanceof kind)) throw invalid(name, `an Arrow type stored as ${kind.name}`, nameOf(data));
  return values;
}

function flat<T extends Int8Array | Int32Array | Float32Array>(
  batch: RecordBatch,
  name: string,
  kind: ArrayClass<T>,
): T {
  const data = child(batch, name);
  return valuesOf(data, name, kind).subarray(0, data.length) as T;
}

function ragged<T extends Int32Array | Float32Array>(
  batch: RecordBatch,
  name: string,
  kind: ArrayClass<T>,
): { offsets: Int32Array; values: T } {
  const data = child(batch, name);
  const items = data.children[0];
  const offsets: unknown = data.valueOffsets;
  if (items === undefined || !(offsets instanceof Int32Array)) throw invalid(name, 'a list', nameOf(data));
  const view = offsets.subarray(0, data.length + 1);
  const end = view[data.length] ?? 0;
  if (view[0] !== 0) throw invalid(name, 'offsets that start at 0', String(view[0]));
  return { offsets: view, values: valuesOf(items, name, kind).subarray(0, end) as T };
}

function withNaN(data: Data): Float32Array {
  const values = valuesOf(data, 'advantage', Float32Array).subarray(0, data.length);
  if (data.nullCount === 0) return values;
  return Float32Array.from(values, (value, row) => (data.getValid(row) ? value : NaN));
}
