import {
  Float32,
  Int32,
  makeData,
  RecordBatch,
  Struct,
  vectorFromArray,
  type Bool,
  type Data,
  type Dictionary,
  type Field,
  type Int8,
  type List,
  type Utf8,
} from 'apache-arrow';
import type { DataProps } from 'apache-arrow/data';
import { GlossaError } from '../base/error.js';
import type { RolloutColumns } from '../engine/types.js';
import { ADDED_FIELDS, FINISH_NAMES, rewardField, rolloutSchema, SAMPLED_FIELDS, wordsField } from './schema.js';

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
 * A rollout as an Arrow record batch. The sampler's columns are wrapped where they lie, without a copy; so is an added
 * Float32Array or Int32Array (its NaN become nulls by a bitmap beside it).
 *
 * @throws GlossaError `INVALID_ARGUMENT` where an added column has another number of rows.
 */
export function wrapRollout(columns: RolloutColumns, additions: RolloutAdditions = {}): RecordBatch {
  const rows = columns.rows;
  const added = addedColumns(rows, additions);
  const children: Data[] = [
    flatColumn(SAMPLED_FIELDS.prompt_index, columns.promptIndex),
    flatColumn(SAMPLED_FIELDS.sample, columns.sample),
    listColumn(SAMPLED_FIELDS.prompt_ids, columns.promptOffsets, columns.promptIds),
    listColumn(SAMPLED_FIELDS.completion_ids, columns.completionOffsets, columns.completionIds),
    listColumn(SAMPLED_FIELDS.logps, columns.completionOffsets, columns.logps),
    listColumn(SAMPLED_FIELDS.entropies, columns.completionOffsets, columns.entropies),
    coded(SAMPLED_FIELDS.finish, columns.finish, FINISH_NAMES),
    flatColumn(SAMPLED_FIELDS.policy_step, columns.policyStep),
    ...added.map(({ data }) => data),
  ];
  const schema = rolloutSchema(added.map(({ field }) => field));
  return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children }));
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

/** Numbers as an Arrow column, where they lie. */
export function flatColumn<T extends Int32 | Float32>(
  field: Field<T>,
  data: T['TArray'],
  nullBitmap?: Uint8Array,
  nullCount = 0,
): Data<T> {
  const properties = { type: field.type, length: data.length, nullCount, data, ...(nullBitmap && { nullBitmap }) };
  // makeData's overloads are by type; both kinds take the same properties.
  return makeData(properties as DataProps<Int32>) as unknown as Data<T>;
}

/** Rows of numbers end to end as an Arrow column of lists, where they lie. */
export function listColumn<T extends Int32 | Float32>(
  field: Field<List<T>>,
  offsets: Int32Array,
  values: T['TArray'],
): Data<List<T>> {
  const child = flatColumn<T>(field.type.valueField, values);
  return makeData({ type: field.type, length: offsets.length - 1, nullCount: 0, valueOffsets: offsets, child });
}

function coded(field: Field<Dictionary<Utf8, Int8>>, codes: Int8Array, names: readonly string[]): Data {
  const dictionary = vectorFromArray([...names], field.type.dictionary);
  return makeData({ type: field.type, length: codes.length, nullCount: 0, data: codes, dictionary });
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
