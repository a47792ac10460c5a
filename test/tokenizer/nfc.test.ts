import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { composeText } from '../../src/tokenizer/nfc.js';

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
