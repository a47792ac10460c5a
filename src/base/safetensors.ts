import { open, readdir, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { GlossaError } from './error.js';
import { readText, requireFile } from './read_file.js';

/** Of a header; the format allows no longer one. */
const MOST_HEADER_BYTES = 100_000_000;

/** Where a tensor lies in a file. */
export interface StoredTensor {
  name: string;
  /** As the format spells it: F32, BF16, F16, I64, ... */
  dtype: string;
  shape: readonly number[];
  path: string;
  /** Its bytes in the file. */
  start: number;
  end: number;
}

const size = z.int().min(0);
const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});

/** Bytes of one number of a type that weights have; undefined of other types. */
function bytesOf(dtype: string): number | undefined {
  return ({ F32: 4, F16: 2, BF16: 2, F64: 8 } as Record<string, number | undefined>)[dtype];
}

/**
 * The tensors of a safetensors file, in the order of their bytes.
 *
 * @throws GlossaError CHECKPOINT_CORRUPT, CHECKPOINT_TRUNCATED naming the file; NOT_A_FILE, IO_ERROR.
 */
export async function readTensors(path: string): Promise<StoredTensor[]> {
  await requireFile(path);
  const handle = await open(path, 'r');
  try {
    const { size: total } = await handle.stat();
    const length = total < 8 ? Infinity : Number((await readAt(handle, 0, 8)).readBigUInt64LE());
    if (length > Math.min(MOST_HEADER_BYTES, total - 8)) throw truncated(path, 'it ends within its header');
    const text = (await readAt(handle, 8, length)).toString('utf8');
    return parseHeader(path, text)
      .map(
        ([
          name,
          {
            dtype,
            shape,
            data_offsets: [start, end],
          },
        ]) => {
          const numbers = shape.reduce((product, each) => product * each, 1);
          const width = bytesOf(dtype);
          if (end < start) throw corrupt(path, `${name} ends before it begins`);
          if (8 + length + end > total) throw truncated(path, `it ends before ${name} does`);
          if (width !== undefined && end - start !== numbers * width)
            throw corrupt(
              path,
              `${name} has ${String(end - start)} bytes, its shape [${shape.join(', ')}] in ${dtype} another number`,
            );
          return { name, dtype, shape, path, start: 8 + length + start, end: 8 + length + end };
        },
      )
      .sort((a, b) => a.start - b.start);
  } finally {
    await handle.close();
  }
}

/**
 * The tensors of a model's folder: those of model.safetensors, or of the shards that model.safetensors.index.json names.
 *
 * @throws GlossaError CHECKPOINT_MISSING where there are none; as {@link readTensors}.
 */
export async function readFolderTensors(dir: string): Promise<StoredTensor[]> {
  const names = new Set(await readdir(dir));
  const index = 'model.safetensors.index.json';
  if (names.has('model.safetensors')) return readTensors(join(dir, 'model.safetensors'));
  if (!names.has(index))
    throw new GlossaError('CHECKPOINT_MISSING', `${dir}: there are no weights (model.safetensors, or ${index})`);
  const parsed = indexSchema.safeParse(jsonOf(await readText(join(dir, index))));
  if (!parsed.success) throw corrupt(join(dir, index), 'it has no weight_map of file names');
  const files = [...new Set(Object.values(parsed.data.weight_map))];
  const tensors = (await Promise.all(files.map((name) => readTensors(join(dir, name))))).flat();
  return tensors.filter(({ name, path }) => parsed.data.weight_map[name] === basename(path));
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string().regex(/^[^/\\]+\.safetensors$/)) });

/** The bytes [start, start + length) of an open file. @throws GlossaError CHECKPOINT_TRUNCATED. */
export async function readAt(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, start + done);
    if (bytesRead === 0) throw new GlossaError('CHECKPOINT_TRUNCATED', 'a file of weights has become shorter');
    done += bytesRead;
  }
  return bytes;
}

/** The head of a safetensors file whose tensors follow in this order without gaps. */
export function headOf(
  tensors: readonly { name: string; dtype: string; shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
): Buffer {
  let end = 0;
  const entries = tensors.map(({ name, dtype, shape }) => {
    const start = end;
    end += shape.reduce((product, each) => product * each, 1) * bytesOf(dtype)!;
    return [name, { dtype, shape, data_offsets: [start, end] }] as const;
  });
  const text = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }));
  const head = Buffer.alloc(8 + 8 * Math.ceil(text.length / 8), ' ');
  head.writeBigUInt64LE(BigInt(head.length - 8));
  text.copy(head, 8);
  return head;
}

function parseHeader(path: string, text: string): [string, z.output<typeof entrySchema>][] {
  const raw = jsonOf(text);
  if (typeof raw !== 'object' || raw === null) throw corrupt(path, 'its header is no JSON object');
  return Object.entries(raw)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => {
      const parsed = entrySchema.safeParse(entry);
      if (!parsed.success) throw corrupt(path, `the header has no dtype, shape and data_offsets of ${name}`);
      return [name, parsed.data];
    });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function corrupt(path: string, message: string): GlossaError {
  return new GlossaError('CHECKPOINT_CORRUPT', `${path}: ${message}`, { hint: 'fetch or write the file again' });
}

function truncated(path: string, message: string): GlossaError {
  return new GlossaError('CHECKPOINT_TRUNCATED', `${path}: ${message}`, { hint: 'fetch or write the file again' });
}
