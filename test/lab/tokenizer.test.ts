import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Tokenizer as RustTokenizer } from 'tokenizers';
import { generateProblems, trainTokenizer } from '../../src/lab/index.js';
import { trainBytePairs } from '../../src/lab/bpe.js';
import { Draws } from '../../src/lab/random.js';
import type { ProblemSettings } from '../../src/lab/types.js';
import { LAB_LANGUAGES } from '../../src/lab/index.js';
import { loadTokenizer } from '../../src/tokenizer/index.js';

const equalShares = { share: 1, worked: 1, codeSwitch: 0 };
const problems: ProblemSettings = {
  steps: { '1': 1, '2': 2 },
  maxStart: 9,
  maxChange: 9,
  maxTotal: 18,
  operations: ['add', 'subtract'],
};
const settings = {
  seed: 1,
  problems,
  vocabSize: 700,
  mix: Object.fromEntries(LAB_LANGUAGES.map((language) => [language, equalShares])),
};
const files = trainTokenizer(settings);
const texts = generateProblems(problems, { seed: 9, split: 'test', count: 100, languages: LAB_LANGUAGES }).flatMap(
  ({ question, solutions }) => [`${question}\n`, solutions.worked, solutions.short],
);

/** Text of code points drawn from all of Unicode but the surrogates, with many spaces, digits and line breaks. */
function randomText(index: number): string {
  const draws = new Draws(1, 99, index);
  const point = (): number => {
    const kind = draws.below(6);
    if (kind === 0) return draws.pick([32, 10, 13, 9, 0xa0, 0x3000, 0x300, 0x200d]);
    if (kind === 1) return 0x20 + draws.below(0x60);
    if (kind === 2) return draws.below(0x800);
    const any = draws.below(0x110000 - 0x800);
    return any < 0xd800 ? any : any + 0x800;
  };
  return String.fromCodePoint(...Array.from({ length: 1 + draws.below(40) }, point));
}

describe('byte pair training', () => {
  test('merges the most frequent pair first, then the one of lower ids, and stops when none occurs twice', () => {
    const { tokens, merges } = trainBytePairs(['ab ab ab', 'cd cd', 'xy'], 1000, ['<end>']);
    assert.deepEqual(merges, [
      ['a', 'b'],
      ['c', 'd'],
      ['Ġ', 'ab'],
    ]);
    assert.equal(tokens.length, 1 + 256 + merges.length);
    assert.equal(tokens[0], '<end>');
  });

  test('never joins a digit to another', () => {
    const { tokens } = trainBytePairs(['12 12 12 12', '112112'], 300, []);
    assert.ok(tokens.every((token) => (token.match(/\d/g) ?? []).length <= 1));
  });
});

describe("the lab's tokenizer", () => {
  test('has the size asked for, is the same bytes each time, and another for another seed', () => {
    assert.deepEqual(trainTokenizer(settings), files);
    const digest = createHash('sha256').update(files['tokenizer.json']!).digest('hex');
    assert.equal(digest.slice(0, 16), 'f80b722c416eb7ee');
    assert.notEqual(trainTokenizer({ ...settings, seed: 2 })['tokenizer.json'], files['tokenizer.json']);
    const { model } = JSON.parse(files['tokenizer.json']!) as { model: { vocab: Record<string, number> } };
    assert.deepEqual(
      Object.values(model.vocab).sort((a, b) => a - b),
      Array.from({ length: 700 }, (_, id) => id),
    );
  });

  test('is read by the loader of real ones, and gives the ids and texts of the Rust library', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'glossa-lab-tokenizer-'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    const tokenizer = await loadTokenizer(dir);
    assert.equal(tokenizer.vocabSize, 700);
    assert.deepEqual(tokenizer.eosIds, [0]);
    const rust = RustTokenizer.fromString(files['tokenizer.json']!);
    const all = [...texts, ...Array.from({ length: 2000 }, (_, index) => randomText(index))];
    for (const text of all) {
      const ids = await tokenizer.encode(text);
      assert.deepEqual(
        ids,
        (await rust.encode(text, null, { addSpecialTokens: false })).getIds(),
        JSON.stringify(text),
      );
      assert.equal(await tokenizer.decode(ids), text);
    }
    for (let index = 0; index < 500; index++) {
      const draws = new Draws(2, 99, index);
      const ids = Array.from({ length: 1 + draws.below(20) }, () => draws.below(700));
      assert.equal(await tokenizer.decode(ids), await rust.decode(ids, true), String(ids));
    }
  });

  test('needs an id for every byte', () => {
    assert.throws(() => trainTokenizer({ ...settings, vocabSize: 200 }), { code: 'LAB_SETTINGS' });
  });
});
