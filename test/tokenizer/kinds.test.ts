import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { BLOCK, digest, resultsOf, strings, subjects, WAYS } from './fuzz.js';

/** What the Rust library gives through its Python package: fixtures/make_kinds.py. Hashes of a hundred strings each. */
const golden = JSON.parse(readFileSync(new URL('fixtures/kinds.json', import.meta.url), 'utf8')) as {
  seed: number;
  count: number;
  hashes: Record<string, Record<(typeof WAYS)[number], string>>;
};

describe(`${String(golden.count)} random strings give the ids and texts of the Rust library`, () => {
  for (const { name, open } of subjects()) {
    const skip = open === undefined && 'no shared data folder: set GLOSSA_SHARED to the folder that holds data/models';
    test(name, { skip }, async () => {
      const tokenizer = await open!();
      const expected = Object.fromEntries(WAYS.map((way) => [way, golden.hashes[name]![way].split(' ')]));
      for (let start = 0; start < golden.count; start += BLOCK) {
        const texts = strings({ seed: golden.seed, start, end: start + BLOCK });
        const results = await Promise.all(texts.map((text) => resultsOf(tokenizer, text)));
        results.forEach(({ letters: { length } }, i) => {
          assert.ok(length <= tokenizer.mostIds(texts[i]!), `${JSON.stringify(texts[i])}: ${String(length)} ids`);
        });
        for (const way of WAYS)
          assert.equal(digest(results, way), expected[way]![start / BLOCK], `${way}, strings from ${String(start)}`);
      }
    });
  }
});
