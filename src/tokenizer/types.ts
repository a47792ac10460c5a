/** Text to ids and back. Reads a Hugging Face folder's tokenizer.json and what lies beside it; the Rust library does the rest. */
export interface Tokenizer {
  /** One more than the largest id. */
  readonly vocabSize: number;
  /** Every end-of-sequence id: generation_config.json, config.json, the token that is named eos_token. */
  readonly eosIds: readonly number[];
  /**
   * Ids of a text, without what the tokenizer puts around one. Spellings of special tokens are letters, unless `special` is
   * true. Added tokens that are not special (`<think>` of Qwen3, a word of one's own) become their id either way.
   */
  encode(text: string, options?: { special?: boolean }): Promise<number[]>;
  /** A bound of how many ids a text has, found without encoding it: no token is shorter than a byte of what is split. */
  mostIds(text: string): number;
  /** Ids of a text that stretches of two kinds make together: those whose spellings of special tokens are letters, and others. */
  encodeStretches(stretches: readonly Stretch[]): Promise<number[]>;
  /**
   * Special tokens are left out unless `special` is true. Bytes that are no whole character become U+FFFD; ids that stand for
   * nothing are left out.
   */
  decode(ids: ArrayLike<number>, options?: { special?: boolean }): Promise<string>;
  /** From chat_template.jinja or tokenizer_config.json, or undefined. */
  readonly chatTemplate: TemplateFile | undefined;
  /** Every added token but runs of white space: turn marks, end of sequence, padding, marks such as `<think>`. */
  readonly controlTokens: readonly ControlToken[];
  /** What a template may name: bos_token, eos_token, pad_token, unk_token and the like. */
  readonly namedTokens: Readonly<Record<string, string>>;
  /**
   * What a token stands for, in UTF-8 or part of a character of it; undefined of added tokens and of ids that stand for nothing.
   */
  bytesOf(id: number): Uint8Array | undefined;
  /** Ids the tokenizer itself puts before a text that no template has rendered (Llama 3: begin of text). */
  readonly prefixIds: readonly number[];
}

/** Part of a text. */
export interface Stretch {
  readonly text: string;
  /** A spelling of a special token in it is that token; else it is letters. */
  readonly special: boolean;
}

/** Jinja source, and the file it was read from. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

export interface ControlToken {
  readonly id: number;
  readonly content: string;
  /** Stands outside the text: left out when decoding, and nothing that a user may spell. False for marks such as `<think>`. */
  readonly special: boolean;
}
