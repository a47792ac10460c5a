import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GlossaError } from '../../src/base/error.js';
import { byteSymbols } from '../../src/tokenizer/index.js';

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };

/** A byte-level tokenizer without merges: the id of a byte is the byte. Added from 256: `<end>`, `<think>`, `<pad>`; `<think>` is not special. */
export const BYTES = {
  version: '1.0',
  added_tokens: [
    { id: 256, content: '<end>', special: true, normalized: false },
    { id: 257, content: '<think>', special: false, normalized: false },
    { id: 258, content: '<pad>', special: true, normalized: false, lstrip: true, rstrip: true },
  ],
  normalizer: null,
  pre_tokenizer: byteLevel,
  post_processor: null,
  decoder: byteLevel,
  model: { type: 'BPE', vocab: Object.fromEntries(byteSymbols().map((symbol, byte) => [symbol, byte])), merges: [] },
};

/** A new folder with these files; objects are written as JSON. */
export async function folder(files: Record<string, unknown>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-tokenizer-'));
  for (const [name, content] of Object.entries(files)) {
    const raw = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(join(dir, name), raw ? content : JSON.stringify(content));
  }
  return dir;
}

/** Whether an error is of this code, names what is wrong, and says what to do. */
export const refused = (code: string, naming: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GlossaError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, naming);
  assert.ok(error.hint);
  return true;
};
