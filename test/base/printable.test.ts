import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { printable } from '../../src/base/printable.js';
import { GlossaError } from '../../src/base/error.js';
import { errorText } from '../../src/cli/errors.js';

describe('printable', () => {
  it('writes out what a terminal would obey', () => {
    const shown: [string, string][] = [
      ['\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
      ['\x1b]0;title\x07', '\\x1b]0;title\\x07'],
      ['a\rb\bc\x00\x7f', 'a\\rb\\x08c\\x00\\x7f'],
      ['\x9b2J\x85', '\\x9b2J\\x85'],
      ['a\u202egpj.exe\u2066\u200f', 'a\\u202egpj.exe\\u2066\\u200f'],
      ['one\u2028two', 'one\\u2028two'],
      ['half \ud83d', 'half \\ud83d'],
      ['\udc00 half', '\\udc00 half'],
    ];
    for (const [given, expected] of shown) assert.equal(printable(given), expected);
  });

  it('leaves text of every language, emoji, newlines and tabs as they are', () => {
    const text = 'line\n\ttab 한국어 ไทย עברית 👩‍🚀 e\u0301 a\u00a0b';
    assert.equal(printable(text), text);
  });

  it('stands before everything an error says', () => {
    const error = new GlossaError('USAGE', 'file \x1b[2J', { hint: 'try \x1b[0m' });
    assert.equal(errorText(error), 'error USAGE: file \\x1b[2J\n  try \\x1b[0m');
    assert.ok(!errorText(new Error('\x1b[2J')).includes('\x1b'));
  });
});
