import { List, type Data, type RecordBatch } from 'apache-arrow';

/** Rows [start, end) of a column as JavaScript has them: numbers, text, true and false, lists of numbers, null. */
export function columnValues(batch: RecordBatch, column: number, start: number, end: number): unknown[] {
  const data = batch.data.children[column]!;
  if (data.type instanceof List) return lists(data, start, end);
  const vector = batch.getChildAt(column)!;
  return Array.from({ length: end - start }, (_, i): unknown => vector.get(start + i));
}

function lists(data: Data, start: number, end: number): number[][] {
  const offsets = data.valueOffsets as Int32Array;
  const values = data.children[0]!.values as Int32Array | Float32Array;
  return Array.from({ length: end - start }, (_, i) =>
    Array.from(values.subarray(offsets[start + i], offsets[start + i + 1])),
  );
}
