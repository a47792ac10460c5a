import type { Tokenizer as Library } from 'tokenizers';
import { GlossaError } from '../base/error.js';

export type { Library };

/** The expressions of tokenizers give up, and end the process, somewhere above ten million steps within one match. */
const LONGEST_TEXT = 1 << 22;

/**
 * A tokenizer of the Rust library. The native half is loaded with the first one, so that commands without a tokenizer start
 * without it.
 *
 * @param path Named in errors.
 * @throws GlossaError TOKENIZER_INVALID with the library's reason; TOKENIZER_LIBRARY where there is no build for this platform.
 */
export async function openLibrary(json: string, path: string): Promise<Library> {
  const { Tokenizer } = await import('tokenizers').catch((cause: unknown) => {
    throw new GlossaError(
      'TOKENIZER_LIBRARY',
      `the tokenizer library does not load on ${process.platform} ${process.arch}: ${(cause as Error).message.split('\n')[0]!}`,
      { hint: 'install again with npm ci; it comes ready-built for Linux, macOS, Windows and Android', cause },
    );
  });
  let library: Library;
  try {
    library = Tokenizer.fromString(json);
  } catch (cause) {
    throw new GlossaError(
      'TOKENIZER_INVALID',
      `${path} is not a tokenizer that the library reads: ${reasonOf(cause)}`,
      {
        hint: 'fetch the file again',
        cause,
      },
    );
  }
  // Some files ask for texts of a fixed length.
  library.disableTruncation();
  library.disablePadding();
  return library;
}

/**
 * Ids of a text, without what the tokenizer puts around one.
 *
 * @throws GlossaError TOKENIZER_TEXT where the text has no ids: it is too long, or has a character for which there is neither a
 *   token nor an unknown token.
 */
export async function encodeWith(library: Library, text: string, path: string): Promise<number[]> {
  if (text.length > LONGEST_TEXT) {
    throw new GlossaError(
      'TOKENIZER_TEXT',
      `a text of ${String(text.length)} characters; a tokenizer takes ${String(LONGEST_TEXT)} at most`,
      { hint: 'leave such a problem out' },
    );
  }
  try {
    return (await library.encode(text, null, { addSpecialTokens: false })).getIds();
  } catch (cause) {
    throw new GlossaError('TOKENIZER_TEXT', `the tokenizer of ${path} has no ids for a text: ${reasonOf(cause)}`, {
      hint: 'use a tokenizer whose vocabulary covers the language of the data',
      cause,
    });
  }
}

/** The library's message, without the place in a text that it was given and nobody sees. */
export function reasonOf(cause: unknown): string {
  return (cause as Error).message.replace(/ at line \d+ column \d+$/, '');
}
