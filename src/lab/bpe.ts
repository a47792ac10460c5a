import { byteSymbols } from '../tokenizer/index.js';

/**
 * Where merges may not reach across: words (with a letter before marks, so that Thai vowels stay with their word and one
 * space in front), single digits (with one space), runs of punctuation with the line break after, line breaks, spaces.
 * Single digits make arithmetic learnable; the rest is the pattern of Llama 3 and Qwen2.
 */
export const PRE_TOKEN_PATTERN =
  '[^\\r\\n\\p{L}\\p{M}\\p{N}]?[\\p{L}\\p{M}]+| ?\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

/** A trained vocabulary: token of each id, in byte symbols, and the merges in order of rank. */
export interface BytePairs {
  tokens: string[];
  merges: [string, string][];
}

/**
 * Byte pair encoding (Sennrich, Haddow and Birch, arXiv 1508.07909) over bytes. Ids: `control` tokens, the 256 bytes in
 * the order of their symbols, then a token a merge until there are `vocabSize`, or no pair occurs twice. The most
 * frequent pair merges first; of equals, the one of lower ids.
 */
export function trainBytePairs(texts: Iterable<string>, vocabSize: number, control: readonly string[]): BytePairs {
  const symbols = byteSymbols();
  const alphabet = symbols.toSorted();
  const tokens = [...control, ...alphabet];
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const byteIds = symbols.map((symbol) => idOf.get(symbol)!);

  const words = countPreTokens(texts).map(([text, count]) => ({
    ids: Array.from(Buffer.from(text), (byte) => byteIds[byte]!),
    count,
  }));
  const merges: [string, string][] = [];
  while (tokens.length < vocabSize) {
    const best = mostFrequentPair(words, vocabSize);
    if (best === undefined) break;
    const [left, right] = best;
    const merged = tokens.length;
    merges.push([tokens[left]!, tokens[right]!]);
    tokens.push(tokens[left]! + tokens[right]!);
    for (const word of words) word.ids = mergePair(word.ids, left, right, merged);
  }
  return { tokens, merges };
}

function countPreTokens(texts: Iterable<string>): [text: string, count: number][] {
  const counts = new Map<string, number>();
  const pattern = new RegExp(PRE_TOKEN_PATTERN, 'gu');
  for (const text of texts) {
    for (const [word] of text.matchAll(pattern)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts];
}

function mostFrequentPair(
  words: readonly { ids: readonly number[]; count: number }[],
  vocabSize: number,
): [number, number] | undefined {
  const counts = new Map<number, number>();
  for (const { ids, count } of words) {
    for (let i = 0; i + 1 < ids.length; i++) {
      const pair = ids[i]! * vocabSize + ids[i + 1]!;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best = -1;
  let most = 1;
  for (const [pair, count] of counts) {
    if (count > most || (count === most && best !== -1 && pair < best)) {
      best = pair;
      most = count;
    }
  }
  return best === -1 ? undefined : [Math.floor(best / vocabSize), best % vocabSize];
}

function mergePair(ids: number[], left: number, right: number, merged: number): number[] {
  let found = false;
  for (let i = 0; i + 1 < ids.length && !found; i++) found = ids[i] === left && ids[i + 1] === right;
  if (!found) return ids;
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      out.push(merged);
      i++;
    } else out.push(ids[i]!);
  }
  return out;
}
