import { open, type FileHandle } from 'node:fs/promises';
import { namesIn } from '../base/folder.js';
import { join } from 'node:path';
import { isWeights } from '../run/index.js';

const PIECE = 1 << 20;

/** Files of a checkpoint that hold numbers. */
export const holdsTensors = (name: string): boolean => isWeights(name) || name === 'state.safetensors';

/** The first tensor of two checkpoints that is otherwise, with the file and the place in it; undefined where all bytes are the same. */
export async function firstTensorApart(then: string, now: string): Promise<string | undefined> {
  const names = (await namesIn(then)).filter(holdsTensors).sort();
  const others = new Set((await namesIn(now)).filter(holdsTensors));
  for (const name of names) {
    if (!others.has(name)) return `${name} is not written now`;
    const at = await firstByteApart(join(then, name), join(now, name));
    if (at !== undefined) return `${name}: ${await tensorAt(join(then, name), at)}`;
  }
  return undefined;
}

/** Where two files part, in bytes from their beginning; at the end of the shorter one where it begins the other. */
export async function firstByteApart(a: string, b: string): Promise<number | undefined> {
  const [x, y] = [await open(a), await open(b)];
  try {
    const [left, right] = [Buffer.alloc(PIECE), Buffer.alloc(PIECE)];
    for (let from = 0; ; from += PIECE) {
      const [n, m] = [await fill(x, left, from), await fill(y, right, from)];
      const common = Math.min(n, m);
      if (left.compare(right, 0, common, 0, common) !== 0)
        for (let i = 0; i < common; i++) if (left[i] !== right[i]) return from + i;
      if (n !== m) return from + common;
      if (n < PIECE) return undefined;
    }
  } finally {
    await x.close();
    await y.close();
  }
}

async function fill(file: FileHandle, buffer: Buffer, from: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

interface HeaderEntry {
  shape: number[];
  data_offsets: [number, number];
}

/** Which tensor of a safetensors file a byte belongs to. */
async function tensorAt(path: string, byte: number): Promise<string> {
  const file = await open(path);
  try {
    const length = Buffer.alloc(8);
    await fill(file, length, 0);
    const header = Buffer.alloc(Number(length.readBigUInt64LE()));
    await fill(file, header, 8);
    const begin = 8 + header.length;
    if (byte < begin) return 'its header';
    const { __metadata__: _about, ...tensors } = JSON.parse(header.toString('utf8')) as Record<string, HeaderEntry>;
    for (const [name, { shape, data_offsets: offsets }] of Object.entries(tensors)) {
      if (byte - begin < offsets[0] || byte - begin >= offsets[1]) continue;
      const elements = shape.reduce((product, size) => product * size, 1);
      const index = Math.floor((byte - begin - offsets[0]) / ((offsets[1] - offsets[0]) / elements));
      return `${name}, number ${String(index)} of ${String(elements)}`;
    }
    return `byte ${String(byte)}`;
  } finally {
    await file.close();
  }
}
