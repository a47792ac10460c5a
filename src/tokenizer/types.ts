/** Text to ids and back. Reads a Hugging Face folder's tokenizer.json and tokenizer_config.json. */
export interface Tokenizer {
  readonly vocabSize: number;
  readonly eosIds: readonly number[]; // every end-of-sequence id: generation_config.json, tokenizer_config.json
  /** Text that spells a control token is escaped unless `special` is true (templates only). */
  encode(text: string, options?: { special?: boolean }): number[];
  /** Control tokens are left out unless `special` is true. Never throws on a partial character (U+FFFD). */
  decode(ids: ArrayLike<number>, options?: { special?: boolean }): string;
  /** From chat_template.jinja or tokenizer_config.json, or undefined. */
  readonly chatTemplate: TemplateFile | undefined;
  /** Tokens that stand outside the text: turn marks, end of sequence, padding. */
  readonly controlTokens: readonly ControlToken[];
  /** What a template may name: bos_token, eos_token, pad_token, unk_token. */
  readonly namedTokens: Readonly<Record<string, string>>;
  /** Ids the tokenizer itself puts before a text that no template has rendered (Llama 3: begin of text). */
  readonly prefixIds: readonly number[];
}
/** Jinja source, and the file it was read from. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}
// src/tokenizer/index.ts: loadTokenizer(dir: string): Promise<Tokenizer>

export interface ControlToken {
  readonly id: number;
  readonly content: string;
  /** The token takes the white space before or after it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Left out when decoding; false for marks such as `<think>` that belong to the answer's text. */
  readonly special: boolean;
}
