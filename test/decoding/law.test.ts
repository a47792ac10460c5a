import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { decodingLaw, type DecodingSettings } from '../../src/decoding/index.js';
import { tokenLetters } from '../../src/decoding/token_letters.js';
import type { Language } from '../../src/language/index.js';
import type { Tokenizer } from '../../src/tokenizer/index.js';

const OFF: DecodingSettings = { allow: undefined, others: 'mask', also: [], logit_bias: {} };
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

/** Of these tokens, in the order of their ids; 0 ends a completion and 1 opens a thought. */
const TOKENS: (string | Uint8Array)[] = [
  ...['', '', ' the', 'boxed', '12', '。', ' ', '사과', ' 생각', 'x=', '蘋果', 'りんご', 'яблоко', '사과a', '\\', 'é'],
  // The beginnings of hangul, of han, of punctuation and signs, of Latin letters with marks; what only continues a character.
  ...[[0xec], [0xe6], [0xe2, 0x82], [0xc3], [0x80, 0x81]].map((part) => Uint8Array.from(part)),
];
const tokenizer = {
  vocabSize: TOKENS.length,
  eosIds: [0],
  controlTokens: [
    { id: 0, content: '<|end|>', special: true },
    { id: 1, content: '<think>', special: false },
  ],
  bytesOf: (id: number) => (id < 2 || id >= TOKENS.length ? undefined : asBytes(TOKENS[id]!)),
  encode: (text: string) => {
    const id = TOKENS.indexOf(text);
    return Promise.resolve(id > 1 ? [id] : Array.from(text, (letter) => letter.charCodeAt(0) % 10));
  },
} as unknown as Tokenizer;
const asBytes = (token: string | Uint8Array): Uint8Array => (typeof token === 'string' ? bytes(token) : token);

/** Two rows of the head stand for nothing. */
const model = { tokenizer, vocab: TOKENS.length + 2 };
const law = (settings: Partial<DecodingSettings>, languages: readonly Language[] = ['ko']) =>
  decodingLaw({ ...OFF, ...settings }, model, languages);

/** Ids whose bias is not 0, and theirs, for prompts in a language. */
async function biases(
  settings: Partial<DecodingSettings>,
  language: Language,
  languages?: readonly Language[],
): Promise<Map<number, number>> {
  const made = (await law(settings, languages ?? [language]))!;
  const { logitBias } = made;
  const table = made.biasOf([language])[0]!;
  const row = logitBias.slice(table * model.vocab, (table + 1) * model.vocab);
  return new Map([...row.entries()].filter(([, value]) => value !== 0));
}
const names = (map: Map<number, number>): (string | number)[] =>
  [...map.keys()].map((id) => (typeof TOKENS[id] === 'string' ? TOKENS[id] : id));
const PART = TOKENS.length - 5;

const refused = async (settings: Partial<DecodingSettings>, languages?: readonly Language[]): Promise<GlossaError> => {
  const error: unknown = await law(settings, languages).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof GlossaError, String(error));
  return error;
};

describe('the letters of a token', () => {
  const scripts = (text: string) => [...tokenLetters(bytes(text)).scripts].sort();

  it('are of the scripts of its characters; digits, signs, marks and white space are of none', () => {
    assert.deepEqual(scripts(' the'), ['latin']);
    assert.deepEqual(scripts('사과a'), ['hangul', 'latin']);
    assert.deepEqual(scripts('漢字かな'), ['han', 'kana']);
    assert.deepEqual(scripts('\\ 12.5% \n。$\u0301π'), ['other']);
    assert.deepEqual(scripts('\\ 12.5% \n。$\u0301😀𝑥'), []);
    assert.deepEqual(scripts('𠀀'), ['han']);
  });

  it('that end within a character may be of what begins so, by share of the characters that are assigned', () => {
    const opens = (...part: number[]) => tokenLetters(Uint8Array.from(part)).opens;
    assert.deepEqual(opens(0xec), new Map([['hangul', 1]])); // U+C000 to U+CFFF
    assert.deepEqual(opens(0xe6), new Map([['han', 1]])); // U+6000 to U+6FFF
    assert.deepEqual([...opens(0xe2, 0x82)!.keys()], ['latin']); // U+2080 to U+20BF: subscripts, some of them letters, and currencies
    assert.ok(opens(0xe2, 0x82)!.get('latin')! < 0.5);
    assert.equal(opens(0xc3)?.get('latin'), 62 / 64); // U+00C0 to U+00FF but for the signs of times and division
    assert.ok(opens(0xf0, 0x9f)!.size <= 2 && [...opens(0xf0, 0x9f)!.values()].every((share) => share < 0.1));
    assert.deepEqual([...tokenLetters(Uint8Array.from([0xea, 0xb0, 0x80, 0x41])).scripts], ['hangul', 'latin']);
  });

  it('that continue a character begun before say nothing, nor do bytes of no character', () => {
    assert.deepEqual(tokenLetters(Uint8Array.from([0x80, 0x81])), { scripts: new Set() });
    assert.deepEqual(tokenLetters(Uint8Array.from([0xff, 0xc0, 0x41])), { scripts: new Set(['latin']) });
  });
});

describe('the law of decoding', () => {
  it('is none where nothing is asked for', async () => {
    assert.equal(await law({}), undefined);
    assert.equal(await law({ allow: 'target', others: 0 }), undefined);
  });

  it("forbids tokens with letters of other scripts than the prompt's, and leaves digits, signs, control tokens and ends", async () => {
    const korean = await biases({ allow: 'target' }, 'ko');
    assert.deepEqual(names(korean), [
      ...[' the', 'boxed', 'x=', '蘋果', 'りんご', 'яблоко', '사과a', 'é'],
      ...[PART + 1, PART + 3],
    ]);
    assert.ok([...korean.values()].every((value) => value === -Infinity));
    assert.deepEqual(names(await biases({ allow: 'target' }, 'ja')), [
      ...[' the', 'boxed', '사과', ' 생각', 'x=', 'яблоко', '사과a', 'é'],
      ...[PART, PART + 3],
    ]);
  });

  it('has a table for each set of scripts, and the one of each prompt by its language', async () => {
    const made = (await law({ allow: 'target' }, ['ko', 'de', 'en', 'ru']))!;
    assert.equal(made.logitBias.length, 3 * model.vocab);
    assert.deepEqual([...made.biasOf(['en', 'ko', 'ru', 'de'])], [1, 0, 2, 1]);
    assert.deepEqual(
      await biases({ allow: 'target' }, 'ru', ['ko', 'de', 'ru']),
      await biases({ allow: 'target' }, 'ru', ['ru']),
    );
  });

  it('takes names of scripts, of languages, and of the target beside them', async () => {
    assert.deepEqual(names(await biases({ allow: ['target', 'latin', 'zh'] }, 'ko')), ['りんご', 'яблоко']);
    assert.deepEqual(await biases({ allow: ['hangul'] }, 'en'), await biases({ allow: 'target' }, 'ko'));
  });

  it('adds a number to them instead, excepts the tokens of some texts, and adds what single tokens are given', async () => {
    const got = await biases(
      {
        allow: 'target',
        others: -4,
        also: ['boxed', ' the'],
        logit_bias: { 사과: 1.5, '12': 'mask', 'x=': -1, '<think>': 2 },
      },
      'ko',
    );
    assert.equal(got.get(TOKENS.indexOf('boxed')), undefined);
    assert.equal(got.get(TOKENS.indexOf(' the')), undefined);
    assert.equal(got.get(TOKENS.indexOf('é')), -4);
    assert.equal(got.get(TOKENS.indexOf('x=')), -5);
    assert.equal(got.get(TOKENS.indexOf('사과')), 1.5);
    assert.equal(got.get(12), -Infinity); // digits name an id
    assert.equal(got.get(1), 2);
  });

  it('refuses a text that is no single token and an id that is none', async () => {
    const several = await refused({ logit_bias: { apple: 1 } });
    assert.equal(several.code, 'DECODING_TOKEN');
    assert.match(several.message, /"apple": it is 5 tokens/);
    assert.match((await refused({ logit_bias: { 23: 1 } })).message, /ids 0 to 22/);
  });

  it('refuses a mask that leaves no token, no end token, or no letter', async () => {
    const all = Object.fromEntries(Array.from({ length: model.vocab }, (_, id) => [id, 'mask' as const]));
    for (const [settings, message] of [
      [{ logit_bias: all }, /leaves no token/],
      [{ logit_bias: { 0: 'mask' as const } }, /every end token is masked/],
      [{ allow: ['thai'] }, /leaves no letter: the tokenizer has no token of thai for prompts in ko/],
    ] as const) {
      const error = await refused(settings);
      assert.equal(error.code, 'DECODING_MASK');
      assert.match(error.message, message);
    }
  });
});
