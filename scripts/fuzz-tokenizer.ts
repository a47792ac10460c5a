/**
 * Our tokenizer against the Rust one on random Unicode strings: ids with control tokens read and not read, and the text back.
 * Exits with 1 where they differ.
 *
 *   node --import tsx scripts/fuzz-tokenizer.ts [--count 20000] [--seed 1] [--model Qwen3] [--show 10]
 *
 * Tokenizers come from the shared data folder ($GLOSSA_SHARED or ../shared).
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import yargs from 'yargs';
import { loadTokenizer } from '../src/tokenizer/index.js';
import { sharedPath } from '../test/shared.js';
import { differences } from '../test/tokenizer/oracle.js';

const { count, seed, model, show } = yargs(process.argv.slice(2))
  .options({
    count: { type: 'number', default: 20_000, describe: 'strings a tokenizer' },
    seed: { type: 'number', default: 1, describe: 'of the strings' },
    model: { type: 'string', describe: 'folder under data/models; all of them where absent' },
    show: { type: 'number', default: 10, describe: 'differences shown of each tokenizer' },
  })
  .strict()
  .parseSync();

const models = sharedPath('data/models');
const names = readdirSync(models).filter((name) => existsSync(join(models, name, 'tokenizer.json.gz')));
for (const name of model === undefined ? names : [model]) {
  const dir = join(models, name);
  const tokenizer = await loadTokenizer(dir);
  const began = performance.now();
  const texts = new Set<number>();
  for await (const { index, text, what, ours, theirs } of differences(dir, tokenizer, { seed, start: 0, end: count })) {
    if (texts.add(index).size > show) continue;
    console.log(
      `${name} ${String(index)} ${what}: ${escaped(text)}\n  ours   ${escaped(ours)}\n  theirs ${escaped(theirs)}`,
    );
  }
  const seconds = ((performance.now() - began) / 1e3).toFixed(1);
  console.log(`${name}: ${String(texts.size)} of ${String(count)} strings differ (seed ${String(seed)}, ${seconds} s)`);
  if (texts.size > 0) process.exitCode = 1;
}

function escaped(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
