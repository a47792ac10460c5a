import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import type { Tokenizer } from '../../src/tokenizer/index.js';
import { sharedPath } from '../shared.js';

const MODELS = sharedPath('data/models');
const EXPECTED = {
  'Llama-3.2-3B-Instruct': { vocabSize: 128_256, eosIds: [128001, 128008, 128009], prefixIds: [128000], nfc: false },
  'OLMo-2': { vocabSize: 100_278, eosIds: [100257], prefixIds: [], nfc: false },
  'Qwen2.5': { vocabSize: 151_665, eosIds: [151645], prefixIds: [], nfc: true },
  Qwen3: { vocabSize: 151_669, eosIds: [151645], prefixIds: [], nfc: true },
};

interface Golden {
  ref: string;
  text: string;
  ids: number[];
}

for (const [model, expected] of Object.entries(EXPECTED)) {
  const dir = join(MODELS, model);
  const skip = existsSync(dir) ? false : `no ${dir}: set GLOSSA_SHARED to the folder that holds data/models`;
  describe(model, { skip }, () => {
    let tokenizer: Tokenizer;
    const golden = (): Golden[] =>
      readFileSync(join(dir, 'golden_encodings.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Golden);

    test('describes itself', async () => {
      tokenizer = await loadTokenizer(dir);
      assert.equal(tokenizer.vocabSize, expected.vocabSize);
      assert.deepEqual(tokenizer.eosIds, expected.eosIds);
      assert.deepEqual(tokenizer.prefixIds, expected.prefixIds);
      assert.match(tokenizer.chatTemplate?.text ?? '', /messages/);
    });

    test('gives the ids two other implementations agree on', async () => {
      const rows = golden();
      assert.equal(rows.length, 37);
      for (const { ref, text, ids } of rows)
        assert.deepEqual(await tokenizer.encode(text, { special: true }), ids, ref);
    });

    test('gives the same ids where control tokens are not read and the text spells none', async () => {
      const special = tokenizer.controlTokens.filter((token) => token.special);
      const spelt = ({ text }: Golden) => special.some(({ content }) => text.includes(content));
      const plain = golden().filter((row) => !spelt(row));
      assert.ok(plain.length >= 30);
      for (const { ref, text, ids } of plain) assert.deepEqual(await tokenizer.encode(text), ids, ref);
      for (const { ref, text } of golden().filter(spelt)) {
        const ids = await tokenizer.encode(text);
        for (const { id } of special) assert.ok(!ids.includes(id), ref);
        assert.equal(await tokenizer.decode(ids), expected.nfc ? text.normalize('NFC') : text, ref);
      }
    });

    test('gives each golden text back from its ids', async () => {
      for (const { ref, text, ids } of golden()) {
        assert.equal(await tokenizer.decode(ids, { special: true }), expected.nfc ? text.normalize('NFC') : text, ref);
      }
    });

    test('keeps text that spells a control token as text', async () => {
      for (const { content, id, special } of tokenizer.controlTokens) {
        if (!special) {
          assert.ok((await tokenizer.encode(`a ${content} b`)).includes(id), content);
          continue;
        }
        const text = `a ${content}${content} b`;
        const ids = await tokenizer.encode(text);
        assert.ok(!ids.includes(id), content);
        assert.equal(await tokenizer.decode(ids), text);
        assert.ok((await tokenizer.encode(text, { special: true })).includes(id), content);
      }
    });

    test('decodes ids past its vocabulary, as a padded embedding can draw them, to nothing', async () => {
      assert.equal(await tokenizer.decode([tokenizer.vocabSize, 1 << 30, -1]), '');
    });
  });
}
