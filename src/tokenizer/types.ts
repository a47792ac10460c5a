/** Text to ids and back. Reads a Hugging Face folder's tokenizer.json and tokenizer_config.json. */
export interface Tokenizer {
  readonly vocabSize: number;
  readonly eosIds: readonly number[]; // every end-of-sequence id: generation_config.json, tokenizer_config.json
  /** Text that spells a control token is escaped unless `special` is true (templates only). */
  encode(text: string, options?: { special?: boolean }): number[];
  /** Control tokens are left out unless `special` is true. Never throws on a partial character (U+FFFD). */
  decode(ids: ArrayLike<number>, options?: { special?: boolean }): string;
  /** Jinja source from tokenizer_config.json or chat_template.jinja, or undefined. */
  readonly chatTemplate: string | undefined;
}
// src/tokenizer/index.ts: loadTokenizer(dir: string): Promise<Tokenizer>
