import { FLAGS, idIn, invalid, type AddedToken, type JsonFile, type TokenizerFile } from './tokenizer_file.js';

/** Names under which tokenizer_config.json and special_tokens_map.json list special tokens. */
const NAMES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'];
const LISTS = ['extra_special_tokens', 'additional_special_tokens'];

type GivenFlags = Partial<AddedToken> & { content: string };
/** A token as the two files give it: its text, or an object with the flags of an added token. */
type Given = string | GivenFlags;

/** The special tokens that a folder names, beside those of tokenizer.json. */
export interface NamedTokens {
  /** bos_token and its like, by name. */
  named: Record<string, string>;
  /** Of `added_tokens_decoder`, by id: added to those of tokenizer.json, or their flags replace those there. */
  added: GivenFlags[];
  /** Named or listed: added, or made special where they are there. */
  special: GivenFlags[];
}

/**
 * Reads named tokens as Transformers does: special_tokens_map.json counts where tokenizer_config.json has no
 * `added_tokens_decoder`, and then before what tokenizer_config.json says itself.
 *
 * @throws GlossaError TOKENIZER_INVALID naming file and entry.
 */
export function namedTokensOf(config: JsonFile, map: JsonFile | undefined): NamedTokens {
  const decoder = config.value['added_tokens_decoder'];
  const sources = decoder == null && map ? [config, map] : [config];
  const named: Record<string, string> = {};
  const byContent = new Map<string, Given>();
  for (const { path, value } of sources) {
    for (const name of NAMES) {
      const given = value[name];
      if (given == null) continue;
      requireToken(given, path, name);
      named[name] = contentOf(given);
      byContent.set(named[name], given);
    }
    for (const list of LISTS) {
      const given = value[list];
      if (given == null) continue;
      for (const [at, token] of Object.entries(given)) {
        requireToken(token, path, `${list}.${at}`);
        byContent.set(contentOf(token), token);
      }
    }
  }
  const added = Object.entries(decoder ?? {})
    .map(([id, token]) => {
      const name = `added_tokens_decoder.${id}`;
      requireToken(token, config.path, name);
      return { ...(typeof token === 'string' ? { content: token } : token), id: Number(id) };
    })
    .sort((a, b) => a.id - b.id);
  const special = [...byContent].map(([content, given]) => ({
    ...(typeof given === 'string' ? {} : given),
    content,
    special: true,
  }));
  return { named, added, special };
}

/** tokenizer.json with the tokens that the folder names beside it; the same object where they add nothing. */
export function withNamedTokens(
  file: TokenizerFile,
  { added, special }: NamedTokens,
  vocabularySize: number,
): TokenizerFile {
  const tokens = new Map(file.added_tokens.map((token) => [token.content, token]));
  let next = file.added_tokens.reduce((most, { id }) => Math.max(most, id + 1), vocabularySize);
  let changed = false;
  const put = (content: string, flags: Partial<AddedToken>) => {
    if (content === '') return;
    const before = tokens.get(content);
    const id = before?.id ?? idIn(file.model, content) ?? next++;
    const token = { ...(before ?? { ...PLAIN, normalized: flags.special !== true }), ...flags, id, content };
    changed ||= before === undefined || FLAGS.some((flag) => token[flag] !== before[flag]);
    tokens.set(content, token);
  };
  for (const token of added) put(token.content, flagsOf(token));
  for (const token of special) put(token.content, tokens.has(token.content) ? { special: true } : flagsOf(token));
  return changed ? { ...file, added_tokens: [...tokens.values()] } : file;
}

const PLAIN = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false };

function flagsOf(given: Partial<AddedToken>): Partial<AddedToken> {
  return Object.fromEntries(FLAGS.flatMap((flag) => (given[flag] === undefined ? [] : [[flag, given[flag]]])));
}

const contentOf = (given: Given): string => (typeof given === 'string' ? given : given.content);

function requireToken(given: unknown, path: string, name: string): asserts given is Given {
  const content = typeof given === 'object' && given !== null ? (given as { content?: unknown }).content : given;
  if (typeof content === 'string') return;
  throw invalid(path, `: ${name} is ${JSON.stringify(given)}, expected a token's text`);
}
