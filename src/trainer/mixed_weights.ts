import { open, type FileHandle } from 'node:fs/promises';
import { GlossaError } from '../base/error.js';
import { readAt, readFolderTensors, type StoredTensor } from '../base/safetensors.js';

/** Bytes of a tensor that are mixed at a time. */
const CHUNK = 1 << 24;

/**
 * Makes of every number w in the float32 weights of `dir` alpha w + (1 - alpha) r, r being that number in `base`; each is computed
 * in float64 and rounded once, on every device alike.
 *
 * @throws GlossaError CHECKPOINT_MISMATCH where the two are not weights of one model in float32.
 */
export async function mixWeights(dir: string, base: string, alpha: number): Promise<void> {
  const others = new Map((await readFolderTensors(base)).map((tensor) => [tensor.name, tensor]));
  for (const tensor of await readFolderTensors(dir)) {
    const other = others.get(tensor.name);
    const size = tensor.end - tensor.start;
    if (other?.dtype !== 'F32' || tensor.dtype !== 'F32' || other.end - other.start !== size)
      throw new GlossaError('CHECKPOINT_MISMATCH', `${base}: ${tensor.name} is not there in float32 as in ${dir}`);
    const [mine, theirs] = await Promise.all([open(tensor.path, 'r+'), open(other.path, 'r')]);
    try {
      for (let at = 0; at < size; at += CHUNK) await mixChunk([mine, tensor], [theirs, other], at, alpha);
    } finally {
      await Promise.all([mine.close(), theirs.close()]);
    }
  }
}

type Side = readonly [handle: FileHandle, tensor: StoredTensor];

async function mixChunk([mine, tensor]: Side, [theirs, other]: Side, at: number, alpha: number): Promise<void> {
  const length = Math.min(CHUNK, tensor.end - tensor.start - at);
  const [policy, reference] = [
    await readAt(mine, tensor.start + at, length),
    await readAt(theirs, other.start + at, length),
  ];
  for (let i = 0; i < length; i += 4)
    policy.writeFloatLE(alpha * policy.readFloatLE(i) + (1 - alpha) * reference.readFloatLE(i), i);
  await mine.write(policy, 0, length, tensor.start + at);
}
