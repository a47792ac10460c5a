import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GlossaError } from '../base/error.js';
import { readFileWhole, readText, readTextIfThere } from '../base/read_file.js';

/** The parts of tokenizer.json that are looked at here; the rest goes to the library as it is. */
export interface TokenizerFile {
  model: {
    type?: string;
    vocab: Record<string, number>;
    merges: (string | [string, string])[];
    byte_fallback?: boolean;
    dropout?: number | null;
  };
  added_tokens: {
    id: number;
    content: string;
    special?: boolean;
    lstrip?: boolean;
    rstrip?: boolean;
  }[];
  normalizer: Component | null;
  pre_tokenizer: Component | null;
  post_processor: Component | null;
  decoder: Component | null;
}

/** A normalizer, pre-tokenizer, post-processor or decoder: a type, its settings, and, for a sequence, its parts. */
export type Component = { type: string } & Record<string, unknown>;

/** The components of a sequence, or the one component there is. */
export function componentsOf(component: Component | null): Component[] {
  if (component === null) return [];
  if (component.type !== 'Sequence') return [component];
  const parts = ['normalizers', 'pretokenizers', 'processors', 'decoders'].flatMap(
    (list) => (component[list] as Component[] | undefined) ?? [],
  );
  return parts.flatMap(componentsOf);
}

/** A JSON file of the folder, or undefined where there is none. */
export async function readJsonIfThere(path: string): Promise<unknown> {
  const text = await readTextIfThere(path);
  return text === undefined ? undefined : parseJson(text, path);
}

/** Whether a folder has a tokenizer.json, packed or not. */
export function hasTokenizer(dir: string): boolean {
  const path = join(dir, 'tokenizer.json');
  return existsSync(path) || existsSync(`${path}.gz`);
}

/** Reads tokenizer.json, or tokenizer.json.gz beside which it would lie. */
export async function readTokenizerFile(dir: string): Promise<TokenizerFile> {
  const path = join(dir, 'tokenizer.json');
  const packed = `${path}.gz`;
  let file: unknown;
  if (existsSync(path)) file = parseJson(await readText(path), path);
  else if (existsSync(packed)) file = parseJson(await gunzip(packed), packed);
  else {
    throw new GlossaError('TOKENIZER_MISSING', `no tokenizer.json in ${dir}`, {
      hint: 'name a folder in Hugging Face layout: config.json, tokenizer.json, tokenizer_config.json',
    });
  }
  if (!isTokenizerFile(file)) {
    throw new GlossaError('TOKENIZER_INVALID', `${path} is not a tokenizer: it has no model with a vocabulary`, {
      hint: 'fetch the file again',
    });
  }
  return {
    ...file,
    added_tokens: file.added_tokens ?? [],
    normalizer: file.normalizer ?? null,
    pre_tokenizer: file.pre_tokenizer ?? null,
    post_processor: file.post_processor ?? null,
    decoder: file.decoder ?? null,
  };
}

async function gunzip(path: string): Promise<string> {
  const packed = await readFileWhole(path);
  try {
    return gunzipSync(packed).toString('utf8');
  } catch (cause) {
    throw new GlossaError('TOKENIZER_INVALID', `${path} is not a whole gzip file`, {
      hint: 'fetch the file again',
      cause,
    });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GlossaError('TOKENIZER_INVALID', `${path} is not JSON: ${(cause as Error).message}`, {
      hint: 'fetch the file again',
      cause,
    });
  }
}

function isTokenizerFile(file: unknown): file is TokenizerFile {
  const model = (file as Partial<TokenizerFile> | null)?.model as unknown;
  return typeof model === 'object' && model !== null && 'vocab' in model;
}
