import {
  Bool,
  Dictionary,
  Float32,
  Int32,
  List,
  Type,
  Utf8,
  type DataType,
  type Field,
  type RecordBatch,
  type Schema,
} from 'apache-arrow';
import type { SchemaElement } from 'hyparquet';
import type { ColumnSource } from 'hyparquet-writer';
import { columnValues } from './values.js';

/**
 * Values of lists in a row group. Between two groups the event loop is free, so that a large generation, which is written while
 * the engine computes, holds up no signal and no progress.
 */
const GROUP_VALUES = 1 << 16;
const GROUP_ROWS = 1 << 14;

/**
 * A Parquet file of record batches, piece by piece: one table, its columns named and typed as in `schema` (int32, float32, bool,
 * text, lists of numbers; a dictionary is written as the text it stands for, null as null). Snappy, statistics of each row
 * group, the schema's metadata as key and value. The same batches give the same bytes.
 */
export async function* parquetFile(
  schema: Schema,
  batches: Iterable<RecordBatch> | AsyncIterable<RecordBatch>,
): AsyncGenerator<Uint8Array> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const bytes = new ByteWriter();
  const taken = (): Uint8Array => {
    const part = bytes.getBytes().slice();
    bytes.index = 0;
    return part;
  };
  const file = new ParquetWriter({
    writer: bytes,
    schema: [{ name: 'root', num_children: schema.fields.length }, ...schema.fields.flatMap(elementsOf)],
    kvMetadata: [...schema.metadata].map(([key, value]) => ({ key, value })),
    createdBy: 'glossa',
  });
  for await (const batch of batches) {
    for (const [start, end] of rowGroups(batch)) {
      const columnData = schema.fields.map((field, column) => ({
        name: field.name,
        data: columnValues(batch, column, start, end),
        ...storageOf(field.type as DataType),
      }));
      await file.write({ columnData, rowGroupSize: end - start });
      yield taken();
      await new Promise(setImmediate);
    }
  }
  await file.finish();
  yield taken();
}

/** Ids compress to half; floats that are hardly ever equal do not, and looking for it takes most of the time. */
function storageOf(type: DataType): Partial<ColumnSource> {
  if (!(type instanceof List)) return {};
  const floats = itemType(type) instanceof Float32;
  return { encoding: 'PLAIN', statistics: false, ...(floats && { codec: 'UNCOMPRESSED' }) };
}

function elementsOf({ name, type, nullable }: Field<DataType>): SchemaElement[] {
  const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
  if (!(type instanceof List)) return [{ name, repetition_type, ...storedAs(type) }];
  return [
    { name, repetition_type, num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...storedAs(itemType(type)) },
  ];
}

const itemType = (list: List): DataType => list.valueType as DataType;

function storedAs(type: DataType): Pick<SchemaElement, 'type' | 'converted_type'> {
  if (type instanceof Int32) return { type: 'INT32' };
  if (type instanceof Float32) return { type: 'FLOAT' };
  if (type instanceof Bool) return { type: 'BOOLEAN' };
  if (type instanceof Utf8 || type instanceof Dictionary) return { type: 'BYTE_ARRAY', converted_type: 'UTF8' };
  throw new TypeError(`no Parquet type for Arrow's ${Type[type.typeId]}`);
}

function* rowGroups(batch: RecordBatch): Generator<[start: number, end: number]> {
  const lists = batch.data.children.flatMap(({ type, valueOffsets }) =>
    type instanceof List ? [valueOffsets as Int32Array] : [],
  );
  const rows = batch.numRows;
  for (let start = 0; start < rows;) {
    let end = start + 1;
    const fits = (to: number) =>
      to - start <= GROUP_ROWS && lists.every((offsets) => offsets[to]! - offsets[start]! <= GROUP_VALUES);
    while (end < rows && fits(end + 1)) end++;
    yield [start, end];
    start = end;
  }
}
