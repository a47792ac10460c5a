import { invalid } from '../tokenizer_file.js';

/**
 * A Precompiled normalizer holds SentencePiece's character map: the size of a double array trie in bytes, its units, and the
 * replacements, each ended by a zero byte. The library follows the trie without looking where it leads, so every node that a text
 * can reach is looked at here. (Format: sentencepiece/src/normalizer.cc and darts.h of Darts-clone.)
 */
export function checkCharsmap(given: unknown, place: string, path: string): void {
  const fault = (reason: string) => invalid(path, `: ${place}.precompiled_charsmap ${reason}`);
  if (typeof given !== 'string') throw fault('is not a text in base64');
  const bytes = Buffer.from(given, 'base64');
  if (bytes.toString('base64').replaceAll('=', '') !== given.replaceAll('=', ''))
    throw fault('is not a text in base64');
  const size = bytes.length < 4 ? 0 : bytes.readUInt32LE(0);
  if (size === 0 || size % 4 !== 0 || size > bytes.length - 4) throw fault('is cut short, or no character map');
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i));
  const replacements = bytes.subarray(4 + size);
  if (!isUtf8(replacements)) throw fault('has replacements that are not UTF-8');

  const offsetOf = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);
  const visited = new Uint8Array(units.length);
  const open = [offsetOf(units[0]!)];
  for (let base = open.pop(); base !== undefined; base = open.pop()) {
    if (base >= units.length || (base | 0xff) >= units.length) throw fault('leads out of its own table');
    if (visited[base] === 1) continue;
    visited[base] = 1;
    for (let byte = 1; byte < 256; byte++) {
      const at = base ^ byte;
      const unit = units[at]!;
      if ((unit & 0x800000ff) >>> 0 !== byte) continue;
      const next = (at ^ offsetOf(unit)) >>> 0;
      open.push(next);
      const hasLeaf = (unit & 0x100) !== 0;
      if (!hasLeaf) continue;
      const value = next < units.length ? units[next]! & 0x7fffffff : Infinity;
      const startsInside = value < replacements.length && (replacements[value]! & 0xc0) !== 0x80;
      if (!startsInside) throw fault('names a replacement that is not there');
    }
  }
}

function isUtf8(bytes: Buffer): boolean {
  return Buffer.compare(Buffer.from(bytes.toString('utf8')), bytes) === 0;
}
