import { trainBytePairs } from '../../src/lab/bpe.js';

/** What small vocabularies are made of: words of many scripts, some with marks that are composed or stripped. */
const TEXT = `
the cat sat on the mat and counted 12 apples, 345 pears and 6 plums. How many are there in all? Let me think: 12 + 345 + 6 = 363.
Hello hello HELLO world World naïve café Zürich straße Ångström façade déjà vu Ελλάδα ελληνικά ΣΊΣΥΦΟΣ
яблука яблук було скільки разом Київ їжа Привіт мир считать сколько
사과 사과가 안녕하세요 안녕 세상 철수는 영희에게 세 개를 주었습니다 모두 몇 개 입니까 생각 해 보겠습니다
小明有三个苹果 他给了小红一个 还剩几个 りんごは いくつ ありますか カタカナ ありがとう สวัสดี มีแอปเปิ้ล กี่ลูก
def f(x): return x ** 2 if (x > 0) else None # <b>bold</b> "quoted" it's don't we'll I'm they've
`;
const WORDS = [...new Set(TEXT.match(/[\p{L}\p{M}]+|\p{N}|[^\s\p{L}\p{N}]/gu))];
const LETTERS = [...new Set(WORDS.flatMap((word) => Array.from(word)))];

interface Added {
  content: string;
  special?: boolean;
  lstrip?: boolean;
  rstrip?: boolean;
  single_word?: boolean;
  normalized?: boolean;
}

/** Tokens of every flag, that overlap and stand beside letters. */
const ADDED: Added[] = [
  { content: '<|end|>', special: true },
  { content: '<|end|>x' },
  { content: '<pad>', special: true, lstrip: true, rstrip: true },
  { content: '<left>', lstrip: true },
  { content: '<right>', rstrip: true },
  { content: '<think>' },
  { content: '김치' },
  { content: 'zx', single_word: true },
  { content: 'QU', special: true, single_word: true },
  { content: 'Kéy', normalized: true },
  { content: 'Sún', special: true, normalized: true },
];
/** Spellings to draw from: also as a normalizer may find them. */
export const SPELLINGS = [
  ...ADDED.map(({ content }) => content),
  'ZX',
  'kéy',
  'ke\u0301y',
  'Su\u0301n',
  'sun',
  '<PAD>',
];

type Model = Record<string, unknown> & { vocab: unknown };

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
const sequence = (list: string, ...parts: object[]) => ({ type: 'Sequence', [list]: parts });
const split = (pattern: object, behavior: string, invert = false) => ({ type: 'Split', pattern, behavior, invert });
const WORD = { Regex: " ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|'(?i:s|t|re)| ?\\p{L}+|\\p{N}{1,3}" };

function tokenizer(model: Model, parts: object): object {
  const count = Array.isArray(model.vocab) ? model.vocab.length : Object.keys(model.vocab as object).length;
  const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: false };
  const added_tokens = ADDED.map((token, i) => ({ id: count + i, ...flags, ...token }));
  const none = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  return { version: '1.0', truncation: null, padding: null, added_tokens, ...none, ...parts, model };
}

const bytePairs = trainBytePairs([TEXT, TEXT], 520, []);

function overBytes(parts: { pre_tokenizer: object; normalizer?: object }, model: object = {}): object {
  const vocab = Object.fromEntries(bytePairs.tokens.map((token, id) => [token, id]));
  return tokenizer({ ...BPE, vocab, merges: bytePairs.merges, ...model }, { decoder: byteLevel, ...parts });
}

const BPE = {
  ...{ type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
  ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
};

/** Merges that build each word letter by letter. */
function overLetters({ prefix = '', suffix = '', first = [] as string[], model = {} }): Model {
  const vocab = new Set(first);
  const merges = new Map<string, [string, string]>();
  for (const letter of LETTERS) for (const form of [letter, prefix + letter, letter + suffix]) vocab.add(form);
  for (const letter of LETTERS) vocab.add(prefix + letter + suffix);
  for (const word of WORDS) {
    const letters = Array.from(word);
    let made = letters[0]!;
    for (const [i, letter] of letters.entries()) {
      if (i === 0) continue;
      const right = prefix + letter + (i === letters.length - 1 ? suffix : '');
      merges.set(`${made} ${right}`, [made, right]);
      made += right.slice(prefix.length);
      vocab.add(made);
    }
  }
  return {
    ...BPE,
    vocab: Object.fromEntries([...vocab].map((token, id) => [token, id])),
    merges: [...merges.values()],
    ...model,
  };
}

const bytesAsTokens = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
);
const metaspace = (prepend_scheme: string) => ({ type: 'Metaspace', replacement: '▁', prepend_scheme, split: true });

/** Pieces with and without the mark of a space; longer ones score better than their parts. */
function unigram(byte_fallback: boolean): Model {
  const pieces = new Set(['▁', ...LETTERS]);
  for (const word of WORDS)
    for (let end = 1; end <= word.length; end++) pieces.add(`▁${word.slice(0, end)}`).add(word.slice(0, end));
  const whole = [...pieces].filter((piece) => !/\p{Surrogate}/u.test(piece));
  const scored = whole.map((piece, i): [string, number] => [piece, -12 + Math.min(8, piece.length) * 0.75 - i * 1e-4]);
  const bytes = byte_fallback ? bytesAsTokens.map((token): [string, number] => [token, -30]) : [];
  return { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ...bytes, ...scored], byte_fallback };
}

function wordPiece(): Model {
  const tokens = new Set(['[UNK]']);
  for (const word of WORDS.map((word) =>
    word
      .toLowerCase()
      .normalize('NFD')
      .replaceAll(/\p{Mn}/gu, ''),
  )) {
    const letters = Array.from(word);
    for (let end = 1; end <= letters.length; end++) tokens.add(letters.slice(0, end).join(''));
    for (const letter of letters) tokens.add(`##${letter}`);
  }
  return {
    ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 30 },
    vocab: Object.fromEntries([...tokens].map((token, id) => [token, id])),
  };
}

/** As SmolLM2's: bytes that no text of its training had are not there, and vanish. */
function withoutRareBytes(): object {
  const rare = new Set(
    ['Ģ', 'ģ', 'Ħ', 'À', 'Á', 'õ', 'ö', 'ÿ', 'ñ', 'Č', 'č'].filter(
      (symbol) => !JSON.stringify(bytePairs.merges).includes(symbol),
    ),
  );
  const tokens = bytePairs.tokens.filter((token) => !rare.has(token));
  const digits = { type: 'Digits', individual_digits: true };
  return overBytes(
    { pre_tokenizer: sequence('pretokenizers', digits, { ...byteLevel, use_regex: true }) },
    { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])) },
  );
}

/** Small tokenizers of every kind that the library has, by name: the contents of their tokenizer.json. */
export const KINDS: Record<string, () => object> = {
  'digits and bytes, some missing': withoutRareBytes,
  'numbers and bytes': () =>
    overBytes({ pre_tokenizer: sequence('pretokenizers', { type: 'Digits', individual_digits: false }, byteLevel) }),
  "ByteLevel's own expression": () => overBytes({ pre_tokenizer: { ...byteLevel, use_regex: true } }),
  "ByteLevel's own expression with a space in front": () =>
    overBytes({ pre_tokenizer: { ...byteLevel, use_regex: true, add_prefix_space: true } }),
  ...Object.fromEntries(
    ['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous'].flatMap((behavior) =>
      [false, true].map((invert) => [
        `Split ${behavior}${invert ? ', inverted' : ''}`,
        () => overBytes({ pre_tokenizer: sequence('pretokenizers', split(WORD, behavior, invert), byteLevel) }),
      ]),
    ),
  ),
  'Split at a text': () =>
    overBytes({ pre_tokenizer: sequence('pretokenizers', split({ String: ' ' }, 'MergedWithNext'), byteLevel) }),
  FixedLength: () =>
    overBytes({ pre_tokenizer: sequence('pretokenizers', { type: 'FixedLength', length: 3 }, byteLevel) }),
  'scripts and delimiters': () =>
    overBytes({
      pre_tokenizer: sequence(
        'pretokenizers',
        { type: 'UnicodeScripts' },
        { type: 'CharDelimiterSplit', delimiter: 'a' },
        byteLevel,
      ),
    }),
  'words before merges': () =>
    overBytes(
      { pre_tokenizer: sequence('pretokenizers', split(WORD, 'Isolated'), byteLevel) },
      { ignore_merges: true },
    ),
  NFC: () => overBytes({ normalizer: { type: 'NFC' }, pre_tokenizer: { ...byteLevel, use_regex: true } }),
  Lowercase: () =>
    overBytes({
      normalizer: sequence('normalizers', { type: 'NFC' }, { type: 'Lowercase' }),
      pre_tokenizer: { ...byteLevel, use_regex: true },
    }),
  StripAccents: () =>
    overBytes({
      normalizer: sequence('normalizers', { type: 'NFKD' }, { type: 'StripAccents' }, { type: 'Lowercase' }),
      pre_tokenizer: { ...byteLevel, use_regex: true },
    }),
  'Nmt, Replace and Strip': () =>
    overBytes({
      normalizer: sequence(
        'normalizers',
        { type: 'Nmt' },
        { type: 'Replace', pattern: { Regex: '\\s{2,}|[0-9]+' }, content: ' # ' },
        { type: 'Strip', strip_left: true, strip_right: true },
        { type: 'NFKC' },
      ),
      pre_tokenizer: byteLevel,
    }),
  continuing_subword_prefix: () =>
    tokenizer(
      overLetters({ prefix: '##', first: ['<unk>'], model: { unk_token: '<unk>', continuing_subword_prefix: '##' } }),
      {
        pre_tokenizer: { type: 'WhitespaceSplit' },
        decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      },
    ),
  end_of_word_suffix: () =>
    tokenizer(
      overLetters({
        suffix: '</w>',
        first: ['<unk>'],
        model: { unk_token: '<unk>', fuse_unk: true, end_of_word_suffix: '</w>' },
      }),
      {
        normalizer: { type: 'NFC' },
        pre_tokenizer: sequence('pretokenizers', { type: 'Whitespace' }, { type: 'Punctuation', behavior: 'Isolated' }),
        decoder: { type: 'BPEDecoder', suffix: '</w>' },
      },
    ),
  'letters without an unknown token': () => tokenizer(overLetters({}), { pre_tokenizer: { type: 'WhitespaceSplit' } }),
  'byte fallback': () =>
    tokenizer(
      overLetters({
        first: ['<unk>', ...bytesAsTokens, '▁'],
        model: { unk_token: '<unk>', fuse_unk: true, byte_fallback: true },
      }),
      {
        normalizer: sequence(
          'normalizers',
          { type: 'Prepend', prepend: '▁' },
          { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        ),
        decoder: sequence(
          'decoders',
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 },
        ),
      },
    ),
  'Unigram, Metaspace before the first word': () =>
    tokenizer(unigram(false), {
      normalizer: { type: 'NFKC' },
      pre_tokenizer: metaspace('first'),
      decoder: metaspace('first'),
    }),
  'Unigram with bytes, Metaspace before every text': () =>
    tokenizer(unigram(true), {
      pre_tokenizer: sequence('pretokenizers', { type: 'WhitespaceSplit' }, metaspace('always')),
      decoder: sequence('decoders', { type: 'ByteFallback' }, metaspace('always')),
    }),
  WordPiece: () =>
    tokenizer(wordPiece(), {
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    }),
  WordLevel: () =>
    tokenizer(
      {
        type: 'WordLevel',
        unk_token: '<unk>',
        vocab: Object.fromEntries(['<unk>', ...WORDS].map((word, id) => [word, id])),
      },
      { normalizer: { type: 'NFD' }, pre_tokenizer: { type: 'Whitespace' } },
    ),
};
