import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoredDtype } from '../engine/types.js';
import { isWeights } from '../run/index.js';

const TYPES: Record<string, StoredDtype> = { F32: 'float32', BF16: 'bfloat16', F16: 'float16' };
/** Of a header of safetensors; the format allows no longer one. */
const MOST_BYTES = 100_000_000;

/** Type of most weights of a Hugging Face folder, by the header of its (first) safetensors file. */
export async function storedType(dir: string): Promise<StoredDtype> {
  const names = (await readdir(dir)).filter(isWeights).sort();
  const name = names.includes('model.safetensors') ? 'model.safetensors' : names[0];
  const amounts: Partial<Record<StoredDtype, number>> = {};
  for (const { dtype, data_offsets: range } of name === undefined ? [] : await tensorsOf(join(dir, name))) {
    const type = TYPES[dtype ?? ''];
    if (type && range) amounts[type] = (amounts[type] ?? 0) + range[1] - range[0];
  }
  const [most] = Object.entries(amounts).sort(([, a], [, b]) => b - a);
  return (most?.[0] as StoredDtype | undefined) ?? 'float32';
}

interface TensorEntry {
  dtype?: string;
  data_offsets?: [number, number];
}

/** The engine has read the file before and found it whole. */
async function tensorsOf(path: string): Promise<TensorEntry[]> {
  const handle = await open(path, 'r');
  try {
    const length = Number((await handle.read(Buffer.alloc(8), 0, 8, 0)).buffer.readBigUInt64LE());
    const header = Buffer.alloc(Math.min(length, MOST_BYTES));
    await handle.read(header, 0, header.length, 8);
    return Object.values(JSON.parse(header.toString('utf8')) as Record<string, TensorEntry>);
  } finally {
    await handle.close();
  }
}
