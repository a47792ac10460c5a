import { FLAGS, invalid, type AddedToken, type TokenizerFile } from '../tokenizer_file.js';
import { checkComponents } from './components.js';
import { checkModel, ID, isId } from './model.js';

/**
 * Looks for what the library is not to be asked: some faults end the process there, others give wrong ids in silence or an error
 * without a place. What is left out of an added token is filled in.
 *
 * @returns the file, and the token of each id of the model's own vocabulary.
 * @throws GlossaError TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED, naming the file and the part.
 */
export async function checkTokenizerFile(
  json: unknown,
  path: string,
): Promise<{ file: TokenizerFile; names: ReadonlyMap<number, string> }> {
  const file = json as Partial<TokenizerFile> | null;
  const model = file?.model as unknown;
  if (typeof model !== 'object' || model === null || !('vocab' in model))
    throw invalid(path, 'is not a tokenizer: it has no model with a vocabulary');
  const whole: TokenizerFile = {
    ...file!,
    model: file!.model!,
    added_tokens: addedTokens(file!.added_tokens ?? [], path),
    normalizer: file!.normalizer ?? null,
    pre_tokenizer: file!.pre_tokenizer ?? null,
    post_processor: file!.post_processor ?? null,
    decoder: file!.decoder ?? null,
  };
  const names = checkModel(whole.model, path);
  checkDoubles(whole.added_tokens, names, path);
  await checkComponents(whole, path);
  return { file: whole, names };
}

function addedTokens(given: unknown, path: string): AddedToken[] {
  if (!Array.isArray(given)) throw invalid(path, ': added_tokens is not a list');
  const whole = given.map((token: unknown, at): AddedToken => {
    const { id, content, special = false, ...flags } = (token ?? {}) as Partial<AddedToken>;
    const place = `: added_tokens[${String(at)}]`;
    if (typeof content !== 'string' || content === '') throw invalid(path, `${place} has no content`);
    if (!isId(id))
      throw invalid(path, `${place} has id ${JSON.stringify(id)} for ${JSON.stringify(content)}, expected ${ID}`);
    return {
      ...{ single_word: false, lstrip: false, rstrip: false, normalized: !special },
      ...{ ...flags, id, content, special },
    };
  });
  const complete = given.every((token: object) => FLAGS.every((flag) => flag in token));
  return complete ? (given as AddedToken[]) : whole;
}

function checkDoubles(added: readonly AddedToken[], names: ReadonlyMap<number, string>, path: string): void {
  const seen = new Map<number, string>();
  for (const { id, content } of added) {
    const other = seen.get(id) ?? names.get(id) ?? content;
    if (other !== content)
      throw invalid(
        path,
        `: id ${String(id)} stands for ${JSON.stringify(other)} and for ${JSON.stringify(content)} (added_tokens)`,
      );
    seen.set(id, content);
  }
}
