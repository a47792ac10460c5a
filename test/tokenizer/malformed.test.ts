import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { BYTES, folder, refused } from './bytes.js';

const { model, added_tokens: added } = BYTES;
const bpe = { type: 'BPE', vocab: { a: 0, b: 1, ab: 2 }, merges: [['a', 'b']] };
const bare = { ...BYTES, added_tokens: [], pre_tokenizer: null, decoder: null };
const split = (expression: unknown) => ({
  type: 'Split',
  pattern: { Regex: expression },
  behavior: 'Isolated',
  invert: false,
});
const charsmap = (bytes: number[]) => ({
  type: 'Precompiled',
  precompiled_charsmap: Buffer.from(bytes).toString('base64'),
});

describe('a tokenizer.json is refused by name', () => {
  const cases: Record<string, [file: unknown, naming: RegExp, code?: string]> = {
    'without merges': [{ ...bare, model: { ...bpe, merges: undefined } }, /model\.merges is missing/],
    'with merges of another form': [{ ...bare, model: { ...bpe, merges: ['a b c'] } }, /merges\[0\] is "a b c"/],
    'with merges of numbers': [{ ...bare, model: { ...bpe, merges: [['a', 'b'], 3] } }, /merges\[1\] is 3/],
    'with merges of unknown tokens': [{ ...bare, model: { ...bpe, merges: [['a', 'x']] } }, /merges\[0\].*"x"/],
    'with merges into an unknown token': [{ ...bare, model: { ...bpe, merges: ['b a'] } }, /merges\[0\].*"ba"/],
    'with merges without the prefix of continued words': [
      { ...bare, model: { ...bpe, continuing_subword_prefix: '##' } },
      /merges\[0\]: "b" does not begin with "##"/,
    ],
    'without a vocabulary': [{ ...bare, model: { ...bpe, vocab: undefined } }, /no model with a vocabulary/],
    'with an empty vocabulary': [{ ...bare, model: { ...bpe, vocab: {}, merges: [] } }, /model\.vocab is empty/],
    'with a list for a vocabulary': [{ ...bare, model: { ...bpe, vocab: ['a'] } }, /model\.vocab is not an object/],
    'with a negative id': [{ ...bare, model: { ...bpe, vocab: { a: -1, b: 1, ab: 2 } } }, /id -1 for "a"/],
    'with an id beyond all vocabularies': [
      { ...bare, model: { ...bpe, vocab: { a: 4294967295, b: 1, ab: 2 } } },
      /id 4294967295 for "a"/,
    ],
    'with an id that is no whole number': [
      { ...bare, model: { ...bpe, vocab: { a: 0.5, b: 1, ab: 2 } } },
      /id 0\.5 for "a"/,
    ],
    'with a doubled id': [
      { ...bare, model: { ...bpe, vocab: { a: 1, b: 1, ab: 2 } } },
      /id 1 stands for "a" and for "b"/,
    ],
    'with an unknown token that it lacks': [{ ...bare, model: { ...bpe, unk_token: '<unk>' } }, /unk_token is "<unk>"/],
    'with random merges': [{ ...bare, model: { ...bpe, dropout: 0.1 } }, /at random/, 'TOKENIZER_UNSUPPORTED'],
    'with a model of an unknown kind': [
      { ...bare, model: { ...bpe, type: 'Trigram' } },
      /its model is "Trigram"/,
      'TOKENIZER_UNSUPPORTED',
    ],
    'with an empty Unigram': [{ ...bare, model: { type: 'Unigram', vocab: [], unk_id: 0 } }, /model\.vocab is empty/],
    'with a Unigram whose unknown id is not there': [
      { ...bare, model: { type: 'Unigram', vocab: [['a', -1]], unk_id: 5 } },
      /unk_id is 5/,
    ],
    'with a Unigram without scores': [{ ...bare, model: { type: 'Unigram', vocab: ['a'], unk_id: 0 } }, /vocab\[0\]/],
    'with a WordPiece that lacks its unknown token': [
      { ...bare, model: { type: 'WordPiece', vocab: { a: 0 }, unk_token: '[UNK]' } },
      /unk_token is "\[UNK\]"/,
    ],
    'with an added token without content': [
      { ...BYTES, added_tokens: [{ id: 256 }] },
      /added_tokens\[0\] has no content/,
    ],
    'with a negative added id': [{ ...BYTES, added_tokens: [{ id: -3, content: 'x' }] }, /id -3 for "x"/],
    'with an added id that another token has': [
      { ...BYTES, added_tokens: [{ id: 65, content: '<x>' }] },
      /id 65 stands for "A" and for "<x>"/,
    ],
    'with two added tokens of one id': [
      { ...BYTES, added_tokens: [...added, { id: 256, content: '<x>' }] },
      /id 256 stands for "<end>" and for "<x>"/,
    ],
    'with an added id far from the others': [
      { ...BYTES, added_tokens: [{ id: 9999, content: '<x>' }] },
      /id 9999 for "<x>", and its place gives 256/,
    ],
    'with added tokens that are no list': [{ ...BYTES, added_tokens: {} }, /added_tokens is not a list/],
    'with a flag that is none': [
      { ...BYTES, added_tokens: [{ id: 256, content: 'x', lstrip: 'yes' }] },
      /added_tokens\[0\]/,
    ],
    'with an unknown normalizer': [
      { ...BYTES, normalizer: { type: 'Rot13' } },
      /normalizer is of type "Rot13"/,
      'TOKENIZER_UNSUPPORTED',
    ],
    'with an unknown part of a sequence': [
      { ...BYTES, pre_tokenizer: { type: 'Sequence', pretokenizers: [BYTES.decoder, { type: 'Cut' }] } },
      /pre_tokenizer\.pretokenizers\[1\] is of type "Cut"/,
      'TOKENIZER_UNSUPPORTED',
    ],
    'with a part without settings': [{ ...BYTES, decoder: { type: 'Replace' } }, /decoder: missing field `pattern`/],
    'with a part without a type': [{ ...BYTES, decoder: { prefix: '##' } }, /decoder has no type/],
    'with a bad expression': [{ ...BYTES, pre_tokenizer: split('((') }, /pre_tokenizer.*unmatched parenthesis/],
    'with an expression of another type': [{ ...BYTES, pre_tokenizer: split(3) }, /pattern\.Regex is not a text/],
    'with an expression that does not end': [
      { ...BYTES, pre_tokenizer: split('(a+)+$|(a|aa)+z') },
      /pre_tokenizer\.pattern\.Regex does not come to an end/,
      'TOKENIZER_UNSUPPORTED',
    ],
    'with pieces of no length': [{ ...BYTES, pre_tokenizer: { type: 'FixedLength', length: 0 } }, /length is 0/],
    'with a decoder that cuts behind': [
      { ...BYTES, decoder: { type: 'Strip', content: 'a', start: 1, stop: 1 } },
      /decoder\.stop is 1/,
      'TOKENIZER_UNSUPPORTED',
    ],
    'with an empty character map': [{ ...BYTES, normalizer: charsmap([]) }, /precompiled_charsmap is cut short/],
    'with a cut character map': [{ ...BYTES, normalizer: charsmap([255, 255, 255, 255, 0]) }, /is cut short/],
    'with a character map that leads astray': [
      { ...BYTES, normalizer: charsmap([4, 0, 0, 0, 0, 4, 0, 0]) },
      /leads out/,
    ],
    'with a sequence in a sequence without end': [
      {
        ...BYTES,
        normalizer: Array.from({ length: 500 }).reduce((inner) => ({ type: 'Sequence', normalizers: [inner] }), {
          type: 'NFC',
        }),
      },
      /nested too deep/,
    ],
    'of another version': [{ ...BYTES, version: '2.0' }, /version/],
    'that is a list': [[1, 2], /no model/],
    'that is null': [null, /no model/],
    'whose model is a text': [{ ...BYTES, model: 'BPE' }, /no model/],
  };
  for (const [name, [file, naming, code = 'TOKENIZER_INVALID']] of Object.entries(cases)) {
    test(name, async () => {
      const dir = await folder({ 'tokenizer.json': file === null ? 'null' : file });
      await assert.rejects(loadTokenizer(dir), refused(code, naming));
      await assert.rejects(loadTokenizer(dir), refused(code, /tokenizer\.json/));
    });
  }

  test('that is not whole, or no JSON', async () => {
    const text = JSON.stringify(BYTES);
    const invalid = async (files: Record<string, unknown>, naming: RegExp) =>
      assert.rejects(loadTokenizer(await folder(files)), refused('TOKENIZER_INVALID', naming));
    await assert.rejects(loadTokenizer(await folder({})), refused('TOKENIZER_MISSING', /no tokenizer\.json/));
    await invalid({ 'tokenizer.json': text.slice(0, -9) }, /not JSON/);
    await invalid({ 'tokenizer.json': '' }, /not JSON/);
    await invalid({ 'tokenizer.json': `\ufeff${text}` }, /byte order mark/);
    await invalid({ 'tokenizer.json.gz': gzipSync(text).subarray(0, 100) }, /gzip/);
    await invalid({ 'tokenizer.json.gz': gzipSync(Buffer.alloc(300 * 2 ** 20)) }, /unpacks to more than 256 MiB/);
    await invalid(
      { 'tokenizer.json': BYTES, 'tokenizer_config.json': [] },
      /tokenizer_config\.json is not a JSON object/,
    );
    await invalid({ 'tokenizer.json': BYTES, 'tokenizer_config.json': { eos_token: 5 } }, /eos_token is 5/);
    await invalid({ 'tokenizer.json': BYTES, 'generation_config.json': '{' }, /generation_config\.json is not JSON/);
  });
});

test('a text beyond what expressions bear is refused', async () => {
  const tokenizer = await loadTokenizer(await folder({ 'tokenizer.json': { ...BYTES, model } }));
  await assert.rejects(tokenizer.encode(' '.repeat(2 ** 22 + 1)), refused('TOKENIZER_TEXT', /4194305 characters/));
});
