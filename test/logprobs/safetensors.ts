import { readFileSync } from 'node:fs';

export interface Tensor {
  shape: number[];
  values: Float32Array | Int32Array;
}

/** The float32 and int32 tensors of a small safetensors file. */
export function readSafetensors(path: string): Map<string, Tensor> {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (dtype !== 'F32' && dtype !== 'I32') continue;
    const [start, end] = data_offsets.map((at) => 8 + length + at) as [number, number];
    const { buffer } = Uint8Array.from(bytes.subarray(start, end)); // a copy is aligned
    tensors.set(name, { shape, values: dtype === 'F32' ? new Float32Array(buffer) : new Int32Array(buffer) });
  }
  return tensors;
}
