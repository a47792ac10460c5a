import type { LibraryTokenizer } from './library.js';
import { composeText } from './nfc.js';
import { componentsOf } from './tokenizer-file.js';
import type { TokenizerFile } from './tokenizer-file.js';

/** Pieces whose ids are remembered; a text of the usual kind finds nearly all of its words there. */
const REMEMBERED = 65_536;
const LONGEST_REMEMBERED = 64;

/**
 * Text to ids, without control tokens. The library encodes; the common form (splits, then bytes, then BPE) is driven
 * piece by piece here, because the library's own path costs some 100 microseconds for a line of text.
 */
export function createEncoder(library: LibraryTokenizer, file: TokenizerFile): (text: string) => number[] {
  const encode = createTextEncoder(library, file);
  return file.normalizer?.type === 'NFC' ? (text) => encode(composeText(text)) : encode;
}

/** The tokenizer without NFC, which {@link composeText} does. */
export function withoutNfc(file: TokenizerFile): TokenizerFile {
  return file.normalizer?.type === 'NFC' ? { ...file, normalizer: null } : file;
}

function createTextEncoder(library: LibraryTokenizer, file: TokenizerFile): (text: string) => number[] {
  const { normalizer, pre_tokenizer: preTokenizer, model } = library;
  const parts = preTokenizer?.tokenizers;
  if (parts === undefined || !isSplitsThenBytes(file)) {
    return (text) => library.encode(text, { add_special_tokens: false }).ids;
  }
  const splits = parts.slice(0, -1);
  const bytes = parts.at(-1)!;

  const remembered = new Map<string, number[]>();
  const encodePiece = (piece: string): number[] => {
    const known = remembered.get(piece);
    if (known !== undefined) return known;
    const ids = model.encode(bytes.pre_tokenize_text(piece, {})).map((token) => model.tokens_to_ids.get(token)!);
    if (piece.length <= LONGEST_REMEMBERED) {
      if (remembered.size >= REMEMBERED) remembered.clear();
      remembered.set(piece, ids);
    }
    return ids;
  };
  return (text) => {
    let pieces = [normalizer === null ? text : normalizer.normalize(text)];
    for (const split of splits) pieces = pieces.flatMap((piece) => split.pre_tokenize_text(piece, {}));
    const ids: number[] = [];
    for (const piece of pieces) for (const id of encodePiece(piece)) ids.push(id);
    return ids;
  };
}

/** A flat sequence of splits by pattern, then bytes without a pattern or a prefix of their own; no whitespace tokens. */
function isSplitsThenBytes(file: TokenizerFile): boolean {
  const parts = componentsOf(file.pre_tokenizer);
  const listed = file.pre_tokenizer?.pretokenizers as unknown[] | undefined;
  const bytes = parts.at(-1);
  return (
    parts.length > 1 &&
    listed?.length === parts.length &&
    parts.slice(0, -1).every(({ type }) => type === 'Split') &&
    bytes?.type === 'ByteLevel' &&
    bytes.use_regex === false &&
    bytes.add_prefix_space !== true &&
    file.added_tokens.every(({ content }) => content.trim() !== '')
  );
}
