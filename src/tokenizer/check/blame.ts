import { openLibrary, reasonOf } from '../library.js';
import { componentsOf, invalid, PARTS, type TokenizerFile } from '../tokenizer_file.js';
import { checkMerges } from './model.js';

/** As little as a tokenizer may be. */
const BARE = { version: '1.0', added_tokens: [], model: { type: 'WordLevel', vocab: { a: 0 }, unk_token: 'a' } };

/**
 * Finds the part of a file over which the library has failed, which says what is wrong and not where.
 *
 * @throws GlossaError TOKENIZER_INVALID naming the part, where there is one that fails by itself.
 */
export async function blamePart(file: TokenizerFile, path: string): Promise<void> {
  if (file.model.merges !== undefined) checkMerges(file.model, path);
  for (const part of PARTS) {
    for (const component of [...componentsOf(file[part]), file[part]]) {
      const place = component === file[part] ? part : `${part}, ${String(component?.type)}`;
      await tryAlone({ [part]: component }, place, path);
    }
  }
  for (const [at, token] of file.added_tokens.entries())
    await tryAlone({ added_tokens: [{ ...token, id: 1 }] }, `added_tokens[${String(at)}]`, path);
  await tryAlone({ model: file.model }, 'model', path);
}

async function tryAlone(part: object, place: string, path: string): Promise<void> {
  try {
    await openLibrary(JSON.stringify({ ...BARE, ...part }), path);
  } catch (error) {
    const cause = (error as Error).cause;
    if (cause === undefined) throw error;
    throw invalid(path, `: ${place}: ${reasonOf(cause)}`, cause);
  }
}
