import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { sharedPath } from '../shared.js';
import { folder } from './bytes.js';

const qwen = sharedPath('data/models/Qwen2.5/tokenizer.json.gz');
const skip = existsSync(qwen) ? false : `no ${qwen}: set GLOSSA_SHARED to the folder that holds data/models`;

/** A token added to Qwen2.5's vocabulary as id 151665, a text, and its ids under the Rust library. */
const CASES = [
  [
    'takes white space, and no byte order mark',
    { content: '<answer>', lstrip: true, rstrip: true },
    '\ufeff<answer>x',
    [3225, 151665, 87],
  ],
  ['is a whole word alone', { content: 'qzx', single_word: true }, 'aqzxb', [36306, 89, 7929]],
  [
    'is found in what the normalizer makes',
    { content: 'qz\u00e9', normalized: true },
    'a qze\u0301 b',
    [64, 220, 151665, 293],
  ],
  ['is its id in a question too', { content: '김치' }, '오늘 김치를', [57268, 127478, 220, 151665, 18411]],
] as const;

describe('a token added to a published vocabulary', { skip }, () => {
  for (const [name, token, text, ids] of CASES) {
    test(name, async () => {
      const file = JSON.parse(gunzipSync(readFileSync(qwen)).toString()) as { added_tokens: object[] };
      const tokens = [...file.added_tokens, { id: 151665, special: false, normalized: false, ...token }];
      const tokenizer = await loadTokenizer(await folder({ 'tokenizer.json': { ...file, added_tokens: tokens } }));
      assert.deepEqual(await tokenizer.encode(text), ids);
      assert.deepEqual(await tokenizer.encode(text, { special: true }), ids);
    });
  }
});
