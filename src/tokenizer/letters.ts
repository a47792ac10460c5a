import { randomBytes } from 'node:crypto';
import { encodeWith, openLibrary } from './library.js';
import { spellingPattern } from './spelling.js';
import type { ModelPart, TokenizerFile } from './tokenizer_file.js';
import type { Stretch } from './types.js';

/**
 * Encodes texts in which some spellings of special tokens are letters (what the Rust library calls `encode_special_tokens`, for
 * a part of a text). It is the same tokenizer with its special tokens under names that no text has; where a special token is
 * meant, its name is put in the place of its spelling, so that all else about it (white space it takes, whole words) holds.
 */
export async function createLetterEncoder(
  file: TokenizerFile,
  path: string,
): Promise<(stretches: readonly Stretch[]) => Promise<number[]>> {
  const secret = randomBytes(12).toString('hex');
  const special = file.added_tokens.filter((token) => token.special);
  const nameOf = new Map(special.map(({ content }, i) => [content, `\ue000${secret}:${String(i)}\ue001`]));
  const renamed = file.added_tokens.map((token) =>
    token.special ? { ...token, content: nameOf.get(token.content)! } : token,
  );
  const library = await openLibrary(
    JSON.stringify({ ...file, model: withoutGaps(file.model, secret), added_tokens: renamed, post_processor: null }),
    path,
  );
  // Names are not in the vocabulary, and get ids behind it.
  const meant = new Map(renamed.map(({ content }, i) => [library.tokenToId(content)!, file.added_tokens[i]!.id]));
  const pattern = spellingPattern(special);

  return async (stretches) => {
    const text = stretches
      .map((stretch) =>
        stretch.special && pattern ? stretch.text.replace(pattern, (spelling) => nameOf.get(spelling)!) : stretch.text,
      )
      .join('');
    const ids = await encodeWith(library, text, path);
    return ids.map((id) => meant.get(id) ?? id);
  };
}

/** The library counts tokens to find the next id: where ids are left out, they need a token that no text has. */
function withoutGaps(model: ModelPart, secret: string): ModelPart {
  if (Array.isArray(model.vocab)) return model;
  const taken = new Set(Object.values(model.vocab));
  const vocab = { ...model.vocab };
  for (let id = 0, left = taken.size; left > 0; id++) {
    if (taken.has(id)) left--;
    else vocab[`\ue000${secret}-${String(id)}\ue001`] = id;
  }
  return { ...model, vocab };
}
