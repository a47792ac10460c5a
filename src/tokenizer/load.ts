import { chatTemplateOf } from './chat_template.js';
import { blamePart } from './check/blame.js';
import { checkTokenizerFile } from './check/file.js';
import { createLetterEncoder } from './letters.js';
import { encodeWith, openLibrary } from './library.js';
import { createLossFinder } from './loss.js';
import { prefixIdsOf } from './prefix.js';
import { namedTokensOf, withNamedTokens } from './special_tokens.js';
import { spellingPattern } from './spelling.js';
import { componentsOf, invalid, readJsonIfThere, readTokenizerFile, type TokenizerFile } from './tokenizer_file.js';
import { createTokenBytes } from './token_bytes.js';
import type { Stretch, Tokenizer } from './types.js';

/**
 * Loads the tokenizer of a Hugging Face folder: tokenizer.json (or tokenizer.json.gz), tokenizer_config.json,
 * special_tokens_map.json, generation_config.json, config.json, chat_template.jinja.
 *
 * @throws GlossaError TOKENIZER_MISSING; TOKENIZER_INVALID, which names the file and the part of it; TOKENIZER_UNSUPPORTED for
 *   what the library cannot do safely, or by chance alone; TOKENIZER_LIBRARY; those of reading a file.
 *
 * @param warn Told once, when a text loses something.
 */
export async function loadTokenizer(
  dir: string,
  { warn }: { warn?: (message: string) => void } = {},
): Promise<Tokenizer> {
  const { path, text, json } = await readTokenizerFile(dir);
  const { file: written, names } = await checkTokenizerFile(json, path);
  const config = (await readJsonIfThere(dir, 'tokenizer_config.json')) ?? { path, value: {} };
  const named = namedTokensOf(config, await readJsonIfThere(dir, 'special_tokens_map.json'));
  const file = withNamedTokens(written, named, names.size);
  const asWritten = file.added_tokens === (json as TokenizerFile).added_tokens;
  const source = asWritten ? text : JSON.stringify(file);
  const library = await openLibrary(source, path).catch(async (error: unknown) => {
    await blamePart(file, path);
    throw error;
  });
  for (const { content, id } of file.added_tokens) {
    const given = library.tokenToId(content);
    if (given !== id)
      throw invalid(
        path,
        `: added_tokens has id ${String(id)} for ${JSON.stringify(content)}, and its place gives ${String(given)}`,
      );
  }

  const control = file.added_tokens
    .filter(({ content }) => content.trim() !== '')
    .map(({ id, content, special }) => ({ id, content, special }));
  const spelling = spellingPattern(file.added_tokens);
  const disguised = canBeDisguised(file);
  const normalizer = library.getNormalizer();
  const normalize = (given: string): string => normalizer?.normalizeString(given) ?? given;
  let findLoss = warn && createLossFinder(file, normalize);
  const encodeWhole = async (given: string): Promise<number[]> => {
    const ids = await encodeWith(library, given, path);
    const loss = findLoss?.(given, ids);
    if (loss !== undefined) {
      findLoss = undefined;
      warn!(`${path}: a text loses something in this tokenizer: ${loss}, as wherever it is used (said once)`);
    }
    return ids;
  };
  let letters: ReturnType<typeof createLetterEncoder> | undefined;
  const encodeStretches = async (stretches: readonly Stretch[]): Promise<number[]> => {
    const spelt = stretches.some((stretch) => !stretch.special && spelling && stretch.text.search(spelling) >= 0);
    if (!spelt && !disguised) return encodeWhole(stretches.map((stretch) => stretch.text).join(''));
    letters ??= createLetterEncoder(JSON.parse(source) as TokenizerFile, path);
    return (await letters)(stretches);
  };

  const widest = putsSpaces(file) ? 3 : 1;
  const size = sizeOf(file, names);
  const idOf = (content: string | undefined) =>
    content === undefined ? undefined : (library.tokenToId(content) ?? undefined);
  return {
    vocabSize: size,
    eosIds: await eosIdsOf(dir, idOf(named.named['eos_token'])),
    chatTemplate: await chatTemplateOf(dir, config),
    controlTokens: control,
    namedTokens: named.named,
    prefixIds: prefixIdsOf(file, path),
    encode: (given, { special: read = false } = {}) =>
      read ? encodeWhole(given) : encodeStretches([{ text: given, special: false }]),
    bytesOf: createTokenBytes(file, names),
    mostIds: (given) => widest * Buffer.byteLength(normalize(given)) + 1,
    encodeStretches,
    decode: (ids, { special: shown = false } = {}) =>
      library.decode(
        Array.from(ids).filter((id) => Number.isInteger(id) && id >= 0),
        !shown,
      ),
  };
}

/** Whether spaces are put in where a text has none, or are written as a letter of three bytes. */
function putsSpaces({ pre_tokenizer: splitting }: TokenizerFile): boolean {
  return componentsOf(splitting).some(
    ({ type, add_prefix_space: puts }) => type === 'Metaspace' || (type === 'ByteLevel' && puts !== false),
  );
}

/** Whether the normalizer may turn other letters into the spelling of a special token, such as <S> or full-width ones into <s>. */
function canBeDisguised({ added_tokens: tokens, normalizer }: TokenizerFile): boolean {
  const harmless = ['ByteLevel', 'Prepend', 'Replace', 'Strip'];
  return (
    tokens.some((token) => token.special && token.normalized) &&
    componentsOf(normalizer).some(({ type }) => !harmless.includes(type))
  );
}

/** One more than the largest id. */
function sizeOf(file: TokenizerFile, names: ReadonlyMap<number, string>): number {
  let size = 0;
  for (const id of names.keys()) size = Math.max(size, id + 1);
  for (const { id } of file.added_tokens) size = Math.max(size, id + 1);
  return size;
}

async function eosIdsOf(dir: string, named: number | undefined): Promise<number[]> {
  const ids: unknown[] = [];
  for (const name of ['generation_config.json', 'config.json'])
    ids.push((await readJsonIfThere(dir, name))?.value['eos_token_id']);
  return [...new Set([...ids.flat(), named])].filter((id): id is number => Number.isInteger(id));
}
