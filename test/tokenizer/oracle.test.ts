import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { composeText } from '../../src/tokenizer/nfc.js';
import { sharedPath } from '../shared.js';
import { differences } from './oracle.js';

// Of each tokenizer; scripts/fuzz-tokenizer.ts runs the same on 20,000.
const COUNT = 400;

for (const [seed, model] of ['Llama-3.2-3B-Instruct', 'OLMo-2', 'Qwen2.5', 'Qwen3'].entries()) {
  const dir = sharedPath(join('data/models', model));
  const skip = existsSync(dir) ? false : `no ${dir}: set GLOSSA_SHARED to the folder that holds data/models`;
  test(`${model} reads and decodes random Unicode as the Rust tokenizers do`, { skip }, async () => {
    const tokenizer = await loadTokenizer(dir);
    for await (const difference of differences(dir, tokenizer, { seed: 100 + seed, start: 0, end: COUNT })) {
      assert.fail(JSON.stringify(difference));
    }
  });
}

describe('composition', () => {
  test('of characters up to Unicode 9.0 is NFC', () => {
    assert.equal(composeText('e\u0301 \u1112\u1161\u11ab q\u0307\u0323 \u212b'), '\u00e9 \ud55c q\u0323\u0307 \u00c5');
  });

  test('lets nothing move past, or combine with, a younger mark', () => {
    // U+1AC0 is of Unicode 13: its combining class would put it before U+0301.
    assert.equal(composeText('q\u0301\u1ac0 e\u0301'), 'q\u0301\u1ac0 \u00e9');
    assert.equal(composeText('\u{105d2}\u0307 e\u1ac0\u0301'), '\u{105d2}\u0307 e\u1ac0\u0301');
  });
});
