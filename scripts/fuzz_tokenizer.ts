/**
 * Our tokenizer against the Rust library as its Python package has it, on random Unicode strings.
 *
 *   node --import tsx scripts/fuzz_tokenizer.ts --export DIR [--count 5000] [--seed 1]   writes tokenizers and strings
 *   python test/tokenizer/fixtures/make_kinds.py DIR                                     writes what Python makes of them
 *   node --import tsx scripts/fuzz_tokenizer.ts --compare DIR [--kind NFC] [--show 10]   exits with 1 where they differ
 *
 * Tokenizers are those of test/tokenizer/kinds.ts and, where the shared data folder is there, four published ones.
 */
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import yargs from 'yargs';
import { sharedPath } from '../test/shared.js';
import { resultsOf, strings, subjects, WAYS, type Results } from '../test/tokenizer/fuzz.js';
import { KINDS } from '../test/tokenizer/kinds.js';
import type { Tokenizer } from '../src/tokenizer/index.js';

const { count, seed, show, kind, ...asked } = yargs(process.argv.slice(2))
  .options({
    export: { type: 'string', describe: 'folder to write tokenizers and strings to' },
    compare: { type: 'string', describe: 'folder that make_kinds.py has written to' },
    count: { type: 'number', default: 5000, describe: 'strings a tokenizer' },
    seed: { type: 'number', default: 1, describe: 'of the strings' },
    kind: { type: 'string', describe: 'one tokenizer alone' },
    show: { type: 'number', default: 10, describe: 'differences shown of each tokenizer' },
  })
  .strict()
  .parseSync();

if (asked.export !== undefined) {
  const tokenizers = subjects()
    .filter(({ open }) => open !== undefined)
    .map(({ name }) => [
      name,
      name in KINDS ? JSON.stringify(KINDS[name]!()) : sharedPath(`data/models/${name}/tokenizer.json.gz`),
    ]);
  const texts = strings({ seed, start: 0, end: count });
  const exported = { seed, texts, tokenizers: Object.fromEntries(tokenizers) as Record<string, string> };
  await writeFile(join(asked.export, 'export.json'), JSON.stringify(exported));
} else if (asked.compare !== undefined) await compare(asked.compare);

async function compare(dir: string): Promise<void> {
  const { texts } = JSON.parse(await readFile(join(dir, 'export.json'), 'utf8')) as { texts: string[] };
  const open = new Map(subjects().map((subject) => [subject.name, subject.open]));
  const differing = new Map<string, number>();
  let now: { name: string; tokenizer: Tokenizer } | undefined;
  for await (const line of createInterface(createReadStream(join(dir, 'truth.jsonl')))) {
    const { name, index, ...theirs } = JSON.parse(line) as Results & { name: string; index: number };
    if (kind !== undefined && name !== kind) continue;
    if (now?.name !== name) now = { name, tokenizer: await open.get(name)!() };
    const ours = await resultsOf(now.tokenizer, texts[index]!);
    const ways = WAYS.filter((way) => JSON.stringify(ours[way]) !== JSON.stringify(theirs[way]));
    const before = differing.get(name) ?? 0;
    differing.set(name, before + (ways.length > 0 ? 1 : 0));
    if (before >= show) continue;
    for (const way of ways)
      console.log(
        `${name} ${String(index)} ${way}: ${escaped(texts[index])}\n  ours   ${escaped(ours[way])}\n  theirs ${escaped(theirs[way])}`,
      );
  }
  for (const [name, differ] of differing)
    console.log(`${name}: ${String(differ)} of ${String(texts.length)} strings differ`);
  if ([...differing.values()].some((differ) => differ > 0)) process.exitCode = 1;
}

function escaped(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
