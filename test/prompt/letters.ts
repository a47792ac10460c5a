import type { Stretch, Tokenizer } from '../../src/tokenizer/index.js';

const SPELT: Record<string, number> = { '<s>': 1, '<e>': 2, '<think>': 3 };

/** Ids are code units; `<s>` and `<e>` are special tokens 1 and 2, `<think>` is 3 and part of an answer's text. */
export function letters(chatTemplate: string | undefined): Tokenizer {
  const encodeStretches = (stretches: readonly Stretch[]) =>
    Promise.resolve(
      stretches.flatMap(({ text, special }) =>
        text
          .split(special ? /(<s>|<e>|<think>)/ : /(<think>)/)
          .flatMap((part, i) => (i % 2 === 1 ? SPELT[part]! : codes(part))),
      ),
    );
  return {
    vocabSize: 65_536,
    eosIds: [2],
    chatTemplate: chatTemplate === undefined ? undefined : { path: 'chat_template.jinja', text: chatTemplate },
    controlTokens: Object.entries(SPELT).map(([content, id]) => ({ id, content, special: id < 3 })),
    namedTokens: { bos_token: '<s>' },
    prefixIds: [1],
    encode: (text, { special = false } = {}) => encodeStretches([{ text, special }]),
    bytesOf: () => undefined,
    mostIds: (text) => text.length,
    encodeStretches,
    decode: (ids) => Promise.resolve(String.fromCharCode(...Array.from(ids))),
  };
}

export const codes = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));
