import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadTokenizer } from '../../src/tokenizer/index.js';
import { BYTES, folder } from './bytes.js';

const TEXT = 'a <think> <s>b </s><end><x> <a><b><pad> z';

/** What Transformers 5.24 (PreTrainedTokenizerFast) gives for TEXT: ids above the bytes, how many there are in all, and the text back. */
const CASES = [
  {
    name: 'map, token of the file',
    config: {},
    map: { bos_token: '<end>' },
    bos: '<end>',
    eos: null,
    prefix: [],
    ids: [257, 256, 258],
    count: 26,
    decoded: 'a <think> <s>b </s><x> <a><b>z',
  },
  {
    name: 'map, new token',
    config: {},
    map: {
      bos_token: '<s>',
      eos_token: { content: '</s>', lstrip: true, rstrip: false, normalized: false, single_word: false },
    },
    bos: '<s>',
    eos: '</s>',
    prefix: [],
    ids: [257, 259, 260, 256, 258],
    count: 20,
    decoded: 'a <think> b<x> <a><b>z',
  },
  {
    name: 'map, not special in the file',
    config: {},
    map: { bos_token: '<think>' },
    bos: '<think>',
    eos: null,
    prefix: [],
    ids: [257, 256, 258],
    count: 26,
    decoded: 'a  <s>b </s><x> <a><b>z',
  },
  {
    name: 'map beside config',
    config: { bos_token: '<pad>' },
    map: { bos_token: '<end>' },
    bos: '<end>',
    eos: null,
    prefix: [],
    ids: [257, 256, 258],
    count: 26,
    decoded: 'a <think> <s>b </s><x> <a><b>z',
  },
  {
    name: 'map beside decoder',
    config: {
      added_tokens_decoder: {
        '259': { content: '<x>', lstrip: true, rstrip: false, normalized: false, single_word: false, special: true },
      },
    },
    map: { bos_token: '<end>' },
    bos: null,
    eos: null,
    prefix: [],
    ids: [257, 256, 259, 258],
    count: 24,
    decoded: 'a <think> <s>b </s> <a><b>z',
  },
  {
    name: 'decoder changes flags',
    config: {
      added_tokens_decoder: {
        '257': {
          content: '<think>',
          lstrip: false,
          rstrip: true,
          normalized: false,
          single_word: false,
          special: true,
        },
      },
    },
    map: null,
    bos: null,
    eos: null,
    prefix: [],
    ids: [257, 256, 258],
    count: 25,
    decoded: 'a <s>b </s><x> <a><b>z',
  },
  {
    name: 'config, additional',
    config: { additional_special_tokens: ['<a>', '<b>'], bos_token: '<a>' },
    map: null,
    bos: '<a>',
    eos: null,
    prefix: [],
    ids: [257, 256, 259, 260, 258],
    count: 22,
    decoded: 'a <think> <s>b </s><x> z',
  },
  {
    name: 'add_bos_token',
    config: { bos_token: '<s>', add_bos_token: true },
    map: null,
    bos: '<s>',
    eos: null,
    prefix: [],
    ids: [257, 259, 256, 258],
    count: 24,
    decoded: 'a <think> b </s><x> <a><b>z',
  },
  {
    name: 'letter as special',
    config: { bos_token: 'a' },
    map: null,
    bos: 'a',
    eos: null,
    prefix: [],
    ids: [257, 256, 258],
    count: 26,
    decoded: ' <think> <s>b </s><x> <><b>z',
  },
];

describe('tokens that are named beside tokenizer.json are those of Transformers', () => {
  for (const { name, config, map, bos, eos, prefix, ids: added, count, decoded } of CASES) {
    test(name, async () => {
      const dir = await folder({
        'tokenizer.json': BYTES,
        'tokenizer_config.json': config,
        ...(map && { 'special_tokens_map.json': map }),
      });
      const tokenizer = await loadTokenizer(dir);
      assert.equal(tokenizer.namedTokens['bos_token'] ?? null, bos);
      assert.equal(tokenizer.namedTokens['eos_token'] ?? null, eos);
      assert.deepEqual(tokenizer.prefixIds, prefix);
      const ids = await tokenizer.encode(TEXT, { special: true });
      assert.deepEqual([ids.filter((id) => id > 255), ids.length], [added, count]);
      assert.equal(await tokenizer.decode(ids), decoded);
    });
  }
});
