import { byteSymbols } from './byte_symbols.js';
import { componentsOf, type TokenizerFile } from './tokenizer_file.js';

/**
 * The bytes that each token of a model's own vocabulary stands for, in UTF-8 or part of a character of it. Undefined of added
 * tokens and of ids that stand for nothing.
 *
 * @param names the token of each id.
 */
export function createTokenBytes(
  file: TokenizerFile,
  names: ReadonlyMap<number, string>,
): (id: number) => Uint8Array | undefined {
  const added = new Set(file.added_tokens.map(({ id }) => id));
  const spell = spelling(file);
  return (id) => {
    const name = names.get(id);
    return name === undefined || added.has(id) ? undefined : spell(name);
  };
}

function spelling(file: TokenizerFile): (name: string) => Uint8Array {
  const { model } = file;
  const parts = [file.normalizer, file.pre_tokenizer, file.decoder].flatMap(componentsOf);
  if (parts.some(({ type }) => type === 'ByteLevel')) {
    const bytes = new Map(byteSymbols().map((symbol, byte) => [symbol, byte]));
    return (name) =>
      Uint8Array.from(Array.from(name).flatMap((symbol) => bytes.get(symbol) ?? [...Buffer.from(symbol)]));
  }
  const prefix = model.continuing_subword_prefix ?? '';
  const suffix = model.end_of_word_suffix ?? '';
  return (name) => {
    const byte = model.byte_fallback === true ? /^<0x([0-9A-F]{2})>$/.exec(name)?.[1] : undefined;
    if (byte !== undefined) return Uint8Array.of(parseInt(byte, 16));
    let text = name;
    if (prefix !== '' && text.startsWith(prefix)) text = text.slice(prefix.length);
    if (suffix !== '' && text.endsWith(suffix)) text = text.slice(0, -suffix.length);
    return Buffer.from(text.replaceAll('\u2581', ' '));
  };
}
