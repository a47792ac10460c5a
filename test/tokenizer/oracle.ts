import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import type { Tokenizer } from '../../src/tokenizer/index.js';
import { hardString } from './strings.js';

export interface Difference {
  index: number;
  text: string;
  what: 'text as text' | 'control tokens' | 'decoding' | 'decoding without control tokens' | 'decoding a part';
  ours: readonly number[] | string;
  theirs: readonly number[] | string;
}

/** Strings [start, end) of a seed through our tokenizer and the Rust one, in both ways of reading and of decoding. */
export async function* differences(
  dir: string,
  tokenizer: Tokenizer,
  { seed, start, end }: { seed: number; start: number; end: number },
): AsyncGenerator<Difference> {
  const json = gunzipSync(readFileSync(join(dir, 'tokenizer.json.gz'))).toString();
  const file = JSON.parse(json) as { added_tokens: { id: number }[] };
  const control = new Set(tokenizer.specialTokens.map(({ id }) => id));
  const whole = RustTokenizer.fromString(json);
  const withoutControl = RustTokenizer.fromString(
    JSON.stringify({
      ...file,
      added_tokens: file.added_tokens.filter(({ id }) => !control.has(id)),
      post_processor: null,
    }),
  );
  const spellings = tokenizer.specialTokens.map(({ content }) => content);
  const options = { addSpecialTokens: false };

  for (let at = start; at < end; at += 500) {
    const texts = Array.from({ length: Math.min(500, end - at) }, (_, i) => hardString(seed, at + i, spellings));
    const asText = await withoutControl.encodeBatch(texts, options);
    const withControl = await whole.encodeBatch(texts, options);
    const idsOf = withControl.map((encoding) => encoding.getIds());
    const decoded = await whole.decodeBatch(idsOf, false);
    // Cut within a character as often as not.
    const part = (ids: readonly number[]) => ids.slice(0, Math.ceil(ids.length / 2));
    const decodedPart = await whole.decodeBatch(idsOf.map(part), false);
    const shown = await whole.decodeBatch(idsOf, true);
    for (const [i, text] of texts.entries()) {
      const ids = idsOf[i]!;
      const pairs: [Difference['what'], readonly number[] | string, readonly number[] | string][] = [
        ['text as text', await tokenizer.encode(text), asText[i]!.getIds()],
        ['control tokens', await tokenizer.encode(text, { special: true }), ids],
        ['decoding', await tokenizer.decode(ids, { special: true }), decoded[i]!],
        ['decoding a part', await tokenizer.decode(part(ids), { special: true }), decodedPart[i]!],
        ['decoding without control tokens', await tokenizer.decode(ids), shown[i]!],
      ];
      for (const [what, ours, theirs] of pairs) {
        if (JSON.stringify(ours) !== JSON.stringify(theirs)) yield { index: at + i, text, what, ours, theirs };
      }
    }
  }
}
