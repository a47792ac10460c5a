import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GlossaError } from '../base/error.js';
import { readFileWhole, readText, readTextIfThere } from '../base/read_file.js';
import { byteSymbols } from './byte_symbols.js';

/** Bytes that tokenizer.json may have, packed or not. The largest published ones have 35 MB. */
const MOST_BYTES = 256 * 2 ** 20;

/** The parts of tokenizer.json that are looked at here; the library reads the rest. */
export interface TokenizerFile {
  model: ModelPart;
  added_tokens: AddedToken[];
  normalizer: Component | null;
  pre_tokenizer: Component | null;
  post_processor: Component | null;
  decoder: Component | null;
}

export interface ModelPart {
  type?: string;
  /** Of Unigram a list with the score of each. */
  vocab: Record<string, number> | [token: string, score: number][];
  merges?: (string | [string, string])[];
  byte_fallback?: boolean;
  unk_token?: string | null;
  unk_id?: number | null;
  continuing_subword_prefix?: string | null;
  end_of_word_suffix?: string | null;
  dropout?: number | null;
}

/** A token that is found in a text before the model sees it. */
export interface AddedToken {
  id: number;
  content: string;
  /** Left out when decoding; a user's text cannot spell it. */
  special: boolean;
  /** Takes the white space before it. */
  lstrip: boolean;
  /** Takes the white space behind it. */
  rstrip: boolean;
  /** Is found as a whole word alone. */
  single_word: boolean;
  /** Is looked for in the text as the normalizer leaves it. */
  normalized: boolean;
}

/** What is said of an added token beside its text and id. */
export const FLAGS = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const;

/** A normalizer, pre-tokenizer, post-processor or decoder: a type, its settings, and, for a sequence, its parts. */
export type Component = { type: string } & Record<string, unknown>;

/** Where a component may stand. */
export type Part = 'normalizer' | 'pre_tokenizer' | 'post_processor' | 'decoder';

/** The setting of a sequence that lists its components. */
export const LISTS: Readonly<Record<Part, string>> = {
  normalizer: 'normalizers',
  pre_tokenizer: 'pretokenizers',
  post_processor: 'processors',
  decoder: 'decoders',
};
export const PARTS = Object.keys(LISTS) as Part[];

/** The components of a sequence, or the one component there is. */
export function componentsOf(component: Component | null): Component[] {
  if (component === null) return [];
  if (component.type !== 'Sequence') return [component];
  const parts = Object.values(LISTS).flatMap((list) => (component[list] as Component[] | undefined) ?? []);
  return parts.flatMap(componentsOf);
}

/** The id of a token in a model's own vocabulary. */
export function idIn({ vocab }: ModelPart, token: string): number | undefined {
  if (!Array.isArray(vocab)) return Object.hasOwn(vocab, token) ? vocab[token] : undefined;
  const id = vocab.findIndex(([listed]) => listed === token);
  return id === -1 ? undefined : id;
}

/** Whether a model has a token for every byte: then nothing is unknown. */
export function hasEveryByte(model: ModelPart): boolean {
  return byteSymbols().every((symbol) => idIn(model, symbol) !== undefined);
}

/** A JSON object, and the file it was read from. */
export interface JsonFile {
  path: string;
  value: Record<string, unknown>;
}

/** A JSON object of the folder, or undefined where there is no such file. @throws GlossaError TOKENIZER_INVALID */
export async function readJsonIfThere(dir: string, name: string): Promise<JsonFile | undefined> {
  const path = join(dir, name);
  const text = await readTextIfThere(path);
  if (text === undefined) return undefined;
  const value = parseJson(text, path);
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return { path, value: value as Record<string, unknown> };
  throw invalid(path, 'is not a JSON object');
}

/** Whether a folder has a tokenizer.json, packed or not. */
export function hasTokenizer(dir: string): boolean {
  const path = join(dir, 'tokenizer.json');
  return existsSync(path) || existsSync(`${path}.gz`);
}

/**
 * The text of tokenizer.json, or of tokenizer.json.gz beside which it would lie, and what it says.
 *
 * @throws GlossaError TOKENIZER_MISSING, TOKENIZER_INVALID; those of reading a file.
 */
export async function readTokenizerFile(dir: string): Promise<{ path: string; text: string; json: unknown }> {
  const plain = join(dir, 'tokenizer.json');
  const packed = `${plain}.gz`;
  const path = existsSync(plain) ? plain : packed;
  if (!existsSync(path)) {
    throw new GlossaError('TOKENIZER_MISSING', `no tokenizer.json in ${dir}`, {
      hint: 'name a folder in Hugging Face layout: config.json, tokenizer.json, tokenizer_config.json',
    });
  }
  const text = path === plain ? await readText(path, MOST_BYTES) : await gunzip(path);
  return { path, text, json: parseJson(text, path) };
}

async function gunzip(path: string): Promise<string> {
  const bytes = await readFileWhole(path, MOST_BYTES);
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES }).toString('utf8');
  } catch (cause) {
    const large = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw invalid(path, large ? 'unpacks to more than 256 MiB' : 'is not a whole gzip file', cause);
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = text.startsWith('\ufeff') ? 'it begins with a byte order mark' : (cause as Error).message;
    throw invalid(path, `is not JSON: ${reason}`, cause);
  }
}

/** A file of a tokenizer that cannot be what it should. */
export function invalid(path: string, reason: string, cause?: unknown): GlossaError {
  return new GlossaError('TOKENIZER_INVALID', `${path}${reason.startsWith(':') ? '' : ' '}${reason}`, {
    hint: 'fetch the file again, or save it again with the library that made it',
    ...(cause !== undefined && { cause }),
  });
}
