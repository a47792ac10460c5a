import {
  Float32,
  Int32,
  vectorFromArray,
  type Bool,
  type Data,
  type Field,
  type RecordBatch,
  type Utf8,
} from 'apache-arrow';
import { flatColumn } from '../base/arrow.js';
import { GlossaError } from '../base/error.js';
import { withColumns } from '../engine/index.js';
import { ADDED_FIELDS, rewardField, wordsField } from './added_fields.js';

/** One value a row; null (or NaN) where there is none. */
export type Nullable<T> = ArrayLike<T | null>;

/**
 * What TypeScript knows of each row beside what the sampler returned: columns of {@link ADDED_FIELDS} and two families of them.
 * Every column has as many values as there are rows.
 */
export type RolloutAdditions = {
  [Name in keyof typeof ADDED_FIELDS]?: Nullable<(typeof ADDED_FIELDS)[Name]['type']['TValue']>;
} & {
  /** By reward name: `reward.<name>`. */
  rewards?: Readonly<Record<string, Nullable<number>>>;
  /** By language: `words.<lang>`. */
  words?: Readonly<Record<string, Nullable<number>>>;
};

/**
 * A rollout batch with more columns; its own stay where they lie, and so does an added Float32Array or Int32Array (its NaN
 * become nulls by a bitmap beside it).
 *
 * @throws GlossaError `INVALID_ARGUMENT` where an added column has another number of rows.
 */
export function addColumns(batch: RecordBatch, additions: RolloutAdditions): RecordBatch {
  return withColumns(batch, addedColumns(batch.numRows, additions));
}

interface Column {
  field: Field;
  data: Data;
}

function addedColumns(rows: number, additions: RolloutAdditions): Column[] {
  const columns: Column[] = [];
  const add = <F extends Field, T>(
    field: F,
    values: Nullable<T> | undefined,
    make: (field: F, values: Nullable<T>) => Data,
  ): void => {
    if (values === undefined) return;
    if (values.length !== rows) {
      throw new GlossaError(
        'INVALID_ARGUMENT',
        `rollout column ${field.name}: expected ${String(rows)} values, one a row, got ${String(values.length)}`,
      );
    }
    columns.push({ field, data: make(field, values) });
  };
  for (const [name, field] of Object.entries(ADDED_FIELDS)) {
    const values: unknown = additions[name as keyof typeof ADDED_FIELDS];
    if (field.type instanceof Float32) add(field as Field<Float32>, values as Nullable<number>, float32);
    else if (field.type instanceof Int32) add(field as Field<Int32>, values as Nullable<number>, int32);
    else add(field as Field<Utf8>, values as Nullable<string>, built);
  }
  for (const [name, values] of Object.entries(additions.rewards ?? {})) add(rewardField(name), values, float32);
  for (const [language, values] of Object.entries(additions.words ?? {})) add(wordsField(language), values, int32);
  return columns;
}

const absent = (value: number | null | undefined): boolean =>
  value === null || value === undefined || Number.isNaN(value);

function float32(field: Field<Float32>, values: Nullable<number>): Data {
  const data = values instanceof Float32Array ? values : Float32Array.from(values, (value) => value ?? NaN);
  return flatColumn(field, data, ...nulls(values));
}

function int32(field: Field<Int32>, values: Nullable<number>): Data {
  const data = values instanceof Int32Array ? values : Int32Array.from(values, (value) => value ?? 0);
  return flatColumn(field, data, ...nulls(values));
}

/** The validity bitmap and the number of nulls; no bitmap where there are none. */
function nulls(values: Nullable<number>): [Uint8Array | undefined, number] {
  const bitmap = new Uint8Array(Math.ceil(values.length / 64) * 8);
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (absent(values[i])) count++;
    else bitmap[i >> 3] = (bitmap[i >> 3] ?? 0) | (1 << (i & 7));
  }
  return [count === 0 ? undefined : bitmap, count];
}

function built<T extends Utf8 | Bool>(field: Field<T>, values: Nullable<T['TValue']>): Data {
  const [data] = vectorFromArray(Array.from(values), field.type).data;
  if (data === undefined) throw new TypeError(`no data for column ${field.name}`);
  return data;
}
