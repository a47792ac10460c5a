import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { loadTokenizer, type Tokenizer } from '../../src/tokenizer/index.js';
import { sharedPath } from '../shared.js';
import { folder } from './bytes.js';
import { KINDS, SPELLINGS } from './kinds.js';
import { hardString } from './strings.js';

/** Strings that are hashed together. */
export const BLOCK = 100;
export const PUBLISHED = ['Llama-3.2-3B-Instruct', 'OLMo-2', 'Qwen2.5', 'Qwen3'];
/** What is compared: ids with special tokens read and not read; texts of the first ids whole, cut in half, without special tokens. */
export const WAYS = ['special', 'letters', 'decoded', 'cut', 'shown'] as const;
export type Results = Record<(typeof WAYS)[number], readonly number[] | string>;

export interface Subject {
  name: string;
  /** Loads it; undefined where a published one is not here. */
  open: (() => Promise<Tokenizer>) | undefined;
}

/** Every kind, then the published tokenizers. */
export function subjects(): Subject[] {
  const kinds = Object.entries(KINDS).map(([name, make]) => ({
    name,
    open: async () => loadTokenizer(await folder({ 'tokenizer.json': make() })),
  }));
  const published = PUBLISHED.map((name) => {
    const dir = sharedPath(`data/models/${name}`);
    return { name, open: existsSync(dir) ? () => loadTokenizer(dir) : undefined };
  });
  return [...kinds, ...published];
}

/** Strings [start, end) of a seed; halves of surrogate pairs, which no other language's strings hold, are replaced. */
export function strings({ seed, start, end }: { seed: number; start: number; end: number }): string[] {
  return Array.from({ length: end - start }, (_, i) =>
    hardString(seed, start + i, SPELLINGS).replaceAll(/\p{Surrogate}/gu, '\ufffd'),
  );
}

export async function resultsOf(tokenizer: Tokenizer, text: string): Promise<Results> {
  const special = await tokenizer.encode(text, { special: true });
  return {
    special,
    letters: await tokenizer.encode(text),
    decoded: await tokenizer.decode(special, { special: true }),
    // Within a character as often as not.
    cut: await tokenizer.decode(special.slice(0, Math.ceil(special.length / 2)), { special: true }),
    shown: await tokenizer.decode(special),
  };
}

/** The first 12 hexadecimal digits of the SHA-256 of a block: ids with spaces between, or texts, each ended by a zero byte. */
export function digest(results: readonly Results[], way: (typeof WAYS)[number]): string {
  const hash = createHash('sha256');
  for (const result of results) {
    const value = result[way];
    hash.update(`${typeof value === 'string' ? value : value.join(' ')}\0`);
  }
  return hash.digest('hex').slice(0, 12);
}
