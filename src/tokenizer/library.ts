import * as library from '@huggingface/tokenizers';

/** What is used of the library's tokenizer; its own declarations do not resolve under NodeNext. */
export interface LibraryTokenizer {
  encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] };
  decode(ids: number[], options: { skip_special_tokens?: boolean }): string;
  normalizer: { normalize(text: string): string } | null;
  pre_tokenizer: { tokenizers?: { pre_tokenize_text(text: string, options: object): string[] }[] } | null;
  model: { encode(pieces: string[]): string[]; tokens_to_ids: Map<string, number> };
}

/** Makes a tokenizer of tokenizer.json and (parts of) tokenizer_config.json. */
export const { Tokenizer: LibraryTokenizer } = library as unknown as {
  Tokenizer: new (file: object, config: object) => LibraryTokenizer;
};
