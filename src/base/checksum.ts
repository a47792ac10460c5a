import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { GlossaError } from './error.js';
import { requireFile } from './read_file.js';

/** SHA-256 in hexadecimal digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hexadecimal digits');

/** Names of files of one folder, and the SHA-256 of each. */
export type Checksums = Record<string, string>;
export const checksumsSchema = z.record(
  z.string().regex(/^(?!\.{1,2}$)[^/\\]+$/, 'expected a file name'),
  sha256Schema,
);

/** SHA-256 of a text, as hexadecimal digits. */
export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** SHA-256 of a file, as hexadecimal digits. @throws GlossaError NOT_A_FILE, IO_ERROR. */
export async function sha256OfFile(path: string): Promise<string> {
  await requireFile(path);
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  } catch (error) {
    throw new GlossaError('IO_ERROR', `cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
  return hash.digest('hex');
}

/**
 * The checksums of all files of a folder that has no folders, by name. Of the files in `written` they are known from writing
 * them, and not read.
 *
 * @throws GlossaError NOT_A_FILE, IO_ERROR.
 */
export async function checksumsOf(dir: string, written: Checksums): Promise<Checksums> {
  const files: Checksums = {};
  for (const name of (await readdir(dir)).sort()) files[name] = written[name] ?? (await sha256OfFile(join(dir, name)));
  return files;
}

/** The first of the files that is not there or has another checksum, in words; undefined where all are whole. */
export async function damageOf(dir: string, files: Checksums): Promise<string | undefined> {
  for (const [name, expected] of Object.entries(files)) {
    let got: string;
    try {
      got = await sha256OfFile(join(dir, name));
    } catch (error) {
      return `${name} cannot be read: ${(error as Error).message}`;
    }
    if (got !== expected)
      return `${name} has checksum ${got.slice(0, 12)}..., expected ${expected.slice(0, 12)}...: the file was changed or cut off`;
  }
  return undefined;
}

/** The text of a JSON file with a checksum of all else in it as its last field. */
export function sealedJson(value: object): string {
  const { checksum: _before, ...rest } = JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
  return `${JSON.stringify({ ...rest, checksum: sha256Of(JSON.stringify(rest)) }, null, 2)}\n`;
}

/** Whether a parsed JSON file is what {@link sealedJson} wrote; white space may differ. */
export function isSealed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { checksum, ...rest } = value as Record<string, unknown>;
  return checksum === sha256Of(JSON.stringify(rest));
}
