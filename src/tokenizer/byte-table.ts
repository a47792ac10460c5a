import { byteSymbols } from './byte-symbols.js';
import type { TokenizerKind } from './kind.js';
import type { ControlToken } from './types.js';
import { componentsOf } from './tokenizer-file.js';
import type { TokenizerFile } from './tokenizer-file.js';

/** What each id stands for, as bytes: decoding is joining them. */
export class ByteTable {
  /** Bytes of id i: `bytes[offsets[i] .. offsets[i + 1])`; ids of nothing have none and stand for U+FFFD. */
  private readonly bytes: Buffer;
  private readonly offsets: Int32Array;
  private readonly hidden: Uint8Array;
  private readonly stripStart: number;
  readonly size: number;

  constructor(file: TokenizerFile, kind: TokenizerKind, control: readonly ControlToken[]) {
    const entries = Object.entries(file.model.vocab);
    this.size = entries.reduce((most, [, id]) => Math.max(most, id), -1) + 1;
    for (const { id } of file.added_tokens) this.size = Math.max(this.size, id + 1);
    const spelt = new Array<Buffer | undefined>(this.size);
    const spell = kind === 'byte-level' ? byteLevelBytes() : fallbackBytes;
    for (const [token, id] of entries) spelt[id] = spell(token);
    for (const { content, id } of file.added_tokens) spelt[id] = Buffer.from(content);

    this.offsets = new Int32Array(this.size + 1);
    const replacement = Buffer.from('\ufffd');
    const parts = Array.from(spelt, (part) => part ?? replacement);
    parts.forEach((part, id) => (this.offsets[id + 1] = this.offsets[id]! + part.length));
    this.bytes = Buffer.concat(parts);
    this.hidden = new Uint8Array(this.size);
    for (const { id, special } of control) this.hidden[id] = special ? 1 : 0;
    const strip = componentsOf(file.decoder).find(({ type }) => type === 'Strip');
    this.stripStart = kind === 'byte-fallback' ? Number(strip?.start ?? 0) : 0;
  }

  /** Bytes that are no UTF-8 (a character cut short) and ids outside the vocabulary become U+FFFD. */
  decode(ids: ArrayLike<number>, withControl: boolean): string {
    let length = 0;
    const list = Array.from(ids);
    for (const id of list) length += this.lengthOf(id, withControl);
    const out = Buffer.allocUnsafe(length);
    let at = 0;
    for (const id of list) {
      if (!(id >= 0 && id < this.size)) at += out.write('\ufffd', at);
      else if (withControl || this.hidden[id] === 0) {
        // A token is a few bytes: a loop is faster than a call to copy them.
        const end = this.offsets[id + 1]!;
        for (let byte = this.offsets[id]!; byte < end; byte++) out[at++] = this.bytes[byte]!;
      }
    }
    const text = out.toString('utf8');
    if (this.stripStart === 0) return text;
    let strip = 0;
    while (strip < this.stripStart && text[strip] === ' ') strip++;
    return text.slice(strip);
  }

  private lengthOf(id: number, withControl: boolean): number {
    if (!(id >= 0 && id < this.size)) return 3; // U+FFFD
    if (!withControl && this.hidden[id] === 1) return 0;
    return this.offsets[id + 1]! - this.offsets[id]!;
  }
}

function byteLevelBytes(): (token: string) => Buffer {
  const byteOf = new Map(byteSymbols().map((symbol, byte) => [symbol, byte]));
  return (token) => {
    const bytes: number[] = [];
    for (const symbol of token) {
      const byte = byteOf.get(symbol);
      if (byte === undefined) return Buffer.from(token); // not spelt in byte symbols: stands for itself
      bytes.push(byte);
    }
    return Buffer.from(bytes);
  };
}

function fallbackBytes(token: string): Buffer {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
  return byte === null ? Buffer.from(token.replaceAll('▁', ' ')) : Buffer.from([Number.parseInt(byte[1]!, 16)]);
}
