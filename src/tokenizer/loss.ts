import { byteSymbols } from './byte_symbols.js';
import { componentsOf, hasEveryByte, idIn, type TokenizerFile } from './tokenizer_file.js';

/**
 * Finds what a vocabulary has no token for. The library leaves such characters out without a word, or puts the unknown token in
 * their place.
 */
export type FindLoss = (text: string, ids: readonly number[]) => string | undefined;

/** Undefined where no text can lose anything: every byte has its token. */
export function createLossFinder(file: TokenizerFile, normalize: (text: string) => string): FindLoss | undefined {
  const { model } = file;
  if (model.byte_fallback === true) return undefined;
  const unknown = unknownOf(file);
  if (unknown !== undefined) {
    return (_, ids) => (ids.includes(unknown.id) ? `${unknown.token} stands for what it has no token for` : undefined);
  }
  const parts = [...componentsOf(file.normalizer), ...componentsOf(file.pre_tokenizer)];
  return parts.some(({ type }) => type === 'ByteLevel') ? findBytes(file) : findLetters(file, normalize);
}

function unknownOf({ model }: TokenizerFile): { id: number; token: string } | undefined {
  if (Array.isArray(model.vocab)) return { id: model.unk_id!, token: model.vocab[model.unk_id!]![0] };
  const token = model.unk_token ?? undefined;
  const id = token === undefined ? undefined : idIn(model, token);
  if (id === undefined || hasEveryByte(model)) return undefined;
  return { id, token: token! };
}

function findBytes({ model }: TokenizerFile): FindLoss | undefined {
  const missing = new Set(
    // Bytes that are part of no character are no loss.
    byteSymbols().flatMap((symbol, byte) =>
      idIn(model, symbol) === undefined && byte !== 0xc0 && byte !== 0xc1 && byte < 0xf5 ? [byte] : [],
    ),
  );
  if (missing.size === 0) return undefined;
  return (text) => {
    if (!Buffer.from(text).some((byte) => missing.has(byte))) return undefined;
    return lost(Array.from(text).find((letter) => Buffer.from(letter).some((byte) => missing.has(byte)))!);
  };
}

function findLetters({ model }: TokenizerFile, normalize: (text: string) => string): FindLoss {
  const prefix = model.continuing_subword_prefix ?? '';
  const suffix = model.end_of_word_suffix ?? '';
  const known = (letter: string) =>
    [letter, prefix + letter, letter + suffix, prefix + letter + suffix].some(
      (token) => idIn(model, token) !== undefined,
    );
  return (text) => {
    const letter = Array.from(normalize(text)).find((each) => each.trim() !== '' && !known(each));
    return letter === undefined ? undefined : lost(letter);
  };
}

function lost(letter: string): string {
  const code = letter.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return `it has no whole token for U+${code}, and leaves out what it has none for`;
}
