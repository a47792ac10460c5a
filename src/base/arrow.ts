import { makeData, type Data, type Field, type Float32, type Int32, type List } from 'apache-arrow';
import type { DataProps } from 'apache-arrow/data';

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
