import { Type, type Data, type RecordBatch } from 'apache-arrow';
import { GlossaError } from '../base/error.js';
import { ADVANTAGE_FIELD, KEPT_FIELDS, REFERENCE_FIELD } from './rollout_schema.js';
import type { GrpoStepArrays, GrpoStepRequest, RolloutColumns } from './types.js';

/**
 * A rollout batch, or rows of one (`slice`), as typed arrays: views of the batch's own memory. Of rows from the middle only the
 * offsets are new, for they begin at 0 again.
 *
 * @throws GlossaError `ROLLOUT_INVALID` where a column is missing, of another type, or the lists do not line up.
 */
export function rolloutColumns(batch: RecordBatch): RolloutColumns {
  const prompts = list(batch, 'prompt_ids', Int32Array);
  const completions = list(batch, 'completion_ids', Int32Array);
  return {
    rows: batch.numRows,
    promptIndex: flat(batch, 'prompt_index', Int32Array),
    sample: flat(batch, 'sample', Int32Array),
    prompts: { ids: prompts.values, offsets: prompts.offsets },
    completions: { ids: completions.values, offsets: completions.offsets },
    logps: aligned(batch, 'logps', completions.offsets, Float32Array),
    entropies: aligned(batch, 'entropies', completions.offsets, Float32Array),
    finish: flat(batch, 'finish', Int8Array),
    policyStep: flat(batch, 'policy_step', Int32Array),
    ...keptColumns(batch, completions.offsets),
  };
}

function keptColumns(batch: RecordBatch, completions: Int32Array): Pick<RolloutColumns, 'keptCounts' | 'keptIds'> {
  const { kept_counts, kept_ids } = KEPT_FIELDS;
  if (!has(batch, kept_counts.name)) return {};
  return {
    keptCounts: aligned(batch, kept_counts.name, completions, Int32Array),
    keptIds: list(batch, kept_ids.name, Int32Array).values,
  };
}

/** The reference's log-probabilities, aligned with completion_ids; undefined where the batch has none. */
export function referenceLogps(batch: RecordBatch): Float32Array | undefined {
  if (!has(batch, REFERENCE_FIELD.name)) return undefined;
  return aligned(batch, REFERENCE_FIELD.name, list(batch, 'completion_ids', Int32Array).offsets, Float32Array);
}

/**
 * What a step on this batch hands to native code.
 *
 * @throws GlossaError `ROLLOUT_INVALID` as {@link rolloutColumns}, or where an advantage is missing.
 */
export function grpoStepArrays({ batch, ...settings }: GrpoStepRequest): GrpoStepArrays {
  const { prompts, completions, logps, keptCounts, keptIds } = rolloutColumns(batch);
  const refLogps = referenceLogps(batch);
  const advantage = child(batch, ADVANTAGE_FIELD.name);
  if (advantage.nullCount > 0) throw invalid(ADVANTAGE_FIELD.name, 'a number in every row', 'null');
  return {
    ...settings,
    prompts,
    completions,
    advantages: flat(batch, ADVANTAGE_FIELD.name, Float32Array),
    oldLogps: logps,
    ...(keptCounts && keptIds && { keptCounts, keptIds }),
    ...(refLogps && { refLogps }),
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
const has = (batch: RecordBatch, name: string): boolean => batch.schema.fields.some((field) => field.name === name);

function child(batch: RecordBatch, name: string): Data {
  const data = batch.data.children[batch.schema.fields.findIndex((field) => field.name === name)];
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

function list<T extends Int32Array | Float32Array>(
  batch: RecordBatch,
  name: string,
  kind: ArrayClass<T>,
): { offsets: Int32Array; values: T } {
  const data = child(batch, name);
  const items = data.children[0];
  const all: unknown = data.valueOffsets;
  if (items === undefined || !(all instanceof Int32Array)) throw invalid(name, 'a list', nameOf(data));
  const view = all.subarray(0, data.length + 1);
  const [first, end] = [view[0] ?? 0, view[data.length] ?? 0];
  const values = valuesOf(items, name, kind).subarray(first, end) as T;
  return { offsets: first === 0 ? view : view.map((at) => at - first), values };
}

/** A list of numbers as long as the completion, row by row. */
function aligned<T extends Int32Array | Float32Array>(
  batch: RecordBatch,
  name: string,
  completions: Int32Array,
  kind: ArrayClass<T>,
): T {
  const { offsets, values } = list(batch, name, kind);
  const row = completions.findIndex((at, i) => offsets[i] !== at);
  if (row >= 0)
    throw invalid(name, 'lists as long as those of completion_ids', `another length in row ${String(row - 1)}`);
  return values;
}
