import { readFolderTensors } from '../base/safetensors.js';
import type { StoredDtype } from '../engine/types.js';

const TYPES: Record<string, StoredDtype> = { F32: 'float32', BF16: 'bfloat16', F16: 'float16' };

/** Type of most weights of a Hugging Face folder. */
export async function storedType(dir: string): Promise<StoredDtype> {
  const amounts: Partial<Record<StoredDtype, number>> = {};
  for (const { dtype, start, end } of await readFolderTensors(dir)) {
    const type = TYPES[dtype];
    if (type) amounts[type] = (amounts[type] ?? 0) + end - start;
  }
  const [most] = Object.entries(amounts).sort(([, a], [, b]) => b - a);
  return (most?.[0] as StoredDtype | undefined) ?? 'float32';
}
