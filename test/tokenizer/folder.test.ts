import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { BYTES as plain, folder, refused } from './bytes.js';

describe('a folder with a tokenizer', () => {
  test('may hold it gzipped', async () => {
    const tokenizer = await loadTokenizer(await folder({ 'tokenizer.json.gz': gzipSync(JSON.stringify(plain)) }));
    assert.deepEqual(await tokenizer.encode('hé'), [104, 195, 169]);
    assert.equal(tokenizer.vocabSize, 259);
    assert.deepEqual(tokenizer.eosIds, []);
    assert.equal(tokenizer.chatTemplate, undefined);
  });

  test('names its ends of sequence in three files', async () => {
    const tokenizer = await loadTokenizer(
      await folder({
        'tokenizer.json': plain,
        'generation_config.json': { eos_token_id: [256, 10] },
        'config.json': { eos_token_id: 10 },
        'tokenizer_config.json': {
          eos_token: { content: '<pad>' },
          chat_template: [{ name: 'default', template: 'x' }],
        },
      }),
    );
    assert.deepEqual(tokenizer.eosIds, [256, 10, 258]);
    assert.deepEqual(tokenizer.namedTokens, { eos_token: '<pad>' });
    assert.equal(tokenizer.chatTemplate?.text, 'x');
  });

  test('takes chat_template.jinja before tokenizer_config.json', async () => {
    const files = { 'tokenizer.json': plain, 'tokenizer_config.json': { chat_template: 'old' } };
    assert.equal((await loadTokenizer(await folder(files))).chatTemplate?.text, 'old');
    assert.equal(
      (await loadTokenizer(await folder({ ...files, 'chat_template.jinja': 'new' }))).chatTemplate?.text,
      'new',
    );
    await assert.rejects(
      loadTokenizer(await folder({ ...files, 'tokenizer_config.json': { chat_template: 5 } })),
      refused('TOKENIZER_INVALID', /tokenizer_config\.json: chat_template is number, expected text/),
    );
    for (const [template, naming] of [
      [[null], /chat_template\[0\] is null, expected \{name, template\}/],
      [[{ name: 'default', template: 7 }], /chat_template\[0\] is object, expected/],
    ] as const) {
      await assert.rejects(
        loadTokenizer(await folder({ ...files, 'tokenizer_config.json': { chat_template: template } })),
        refused('TOKENIZER_INVALID', naming),
      );
    }
  });

  test('splits at special tokens only for templates, and strips where the token says so', async () => {
    const tokenizer = await loadTokenizer(await folder({ 'tokenizer.json': plain }));
    const text = 'a <pad> b<end>';
    assert.deepEqual(await tokenizer.encode(text, { special: true }), [97, 258, 98, 256]);
    assert.deepEqual(await tokenizer.encode(text), [...Buffer.from(text)]);
    assert.deepEqual(await tokenizer.encode('', { special: true }), []);
    assert.deepEqual(await tokenizer.encode(''), []);
  });

  test('leaves out special tokens when decoding, but not marks that belong to the text', async () => {
    const tokenizer = await loadTokenizer(await folder({ 'tokenizer.json': plain }));
    assert.equal(await tokenizer.decode([257, 97, 256]), '<think>a');
    assert.equal(await tokenizer.decode([257, 97, 256], { special: true }), '<think>a<end>');
    assert.equal(await tokenizer.decode(Int32Array.of(0xea, 0xb0, 97, 9999)), '\ufffda');
    assert.equal(await tokenizer.decode([]), '');
  });

  test('of the byte-fallback kind encodes and decodes as Llama 2 does', async () => {
    const pieces = ['▁', 'h', 'i', '▁h', '▁hi'];
    const hex = (byte: number) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    const vocab = Object.fromEntries(
      [...Array.from({ length: 256 }, (_, byte) => hex(byte)), ...pieces].map((t, i) => [t, i]),
    );
    const tokenizer = await loadTokenizer(
      await folder({
        'tokenizer.json': {
          ...plain,
          added_tokens: [],
          normalizer: {
            type: 'Sequence',
            normalizers: [
              { type: 'Prepend', prepend: '▁' },
              { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
            ],
          },
          pre_tokenizer: null,
          decoder: {
            type: 'Sequence',
            decoders: [
              { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
              { type: 'ByteFallback' },
              { type: 'Fuse' },
              { type: 'Strip', content: ' ', start: 1, stop: 0 },
            ],
          },
          model: {
            type: 'BPE',
            byte_fallback: true,
            vocab,
            merges: [
              ['▁', 'h'],
              ['▁h', 'i'],
            ],
          },
        },
      }),
    );
    const ids = await tokenizer.encode('hi é');
    assert.deepEqual(ids, [260, 256, 0xc3, 0xa9]);
    assert.equal(await tokenizer.decode(ids), 'hi é');
    assert.equal(await tokenizer.decode(ids.slice(0, 3)), 'hi \ufffd');
  });

  test('without a token for some characters leaves them out, and says so once', async () => {
    const { model } = plain;
    const few = Object.entries(model.vocab).filter(([, id]) => id !== 4 && id < 0xf3);
    const vocab = Object.fromEntries(few.map(([token], id) => [token, id]));
    const warnings: string[] = [];
    const dir = await folder({ 'tokenizer.json': { ...plain, added_tokens: [], model: { ...model, vocab } } });
    const tokenizer = await loadTokenizer(dir, { warn: (message) => warnings.push(message) });
    assert.equal(await tokenizer.decode(await tokenizer.encode('plain 가 text')), 'plain 가 text');
    assert.deepEqual(warnings, []);
    assert.equal(await tokenizer.decode(await tokenizer.encode('a\u0004b')), 'ab');
    await tokenizer.encode('\u0004 and \u{fffff}');
    assert.equal(warnings.length, 1);
    assert.match(warnings[0]!, /tokenizer\.json: a text loses something .*U\+0004.*\(said once\)/);
  });

  test('says which unknown token stands for what it has no token for', async () => {
    const warnings: string[] = [];
    const model = { type: 'WordLevel', vocab: { '<unk>': 0, a: 1 }, unk_token: '<unk>' };
    const file = { ...plain, added_tokens: [], pre_tokenizer: { type: 'WhitespaceSplit' }, decoder: null, model };
    const tokenizer = await loadTokenizer(await folder({ 'tokenizer.json': file }), {
      warn: (message) => warnings.push(message),
    });
    assert.deepEqual(await tokenizer.encode('a b c'), [1, 0, 0]);
    assert.match(warnings.join('\n'), /^[^\n]*<unk> stands for what it has no token for[^\n]*$/);
  });
});
