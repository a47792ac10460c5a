import type { Tokenizer } from '../../src/tokenizer/index.js';

/** Ids are code units; `<s>` and `<e>` are control tokens 1 and 2, `<think>` is 3 and part of an answer's text. */
export function letters(chatTemplate: string | undefined): Tokenizer {
  const control = ['<s>', '<e>', '<think>'].map((content, i) => ({
    id: i + 1,
    content,
    lstrip: false,
    rstrip: false,
    special: content !== '<think>',
  }));
  return {
    vocabSize: 65_536,
    eosIds: [2],
    chatTemplate: chatTemplate === undefined ? undefined : { path: 'chat_template.jinja', text: chatTemplate },
    controlTokens: control,
    namedTokens: { bos_token: '<s>' },
    prefixIds: [1],
    encode: (text) => codes(text),
    decode: (ids) => String.fromCharCode(...Array.from(ids)),
  };
}

export const codes = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));
