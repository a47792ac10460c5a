/**
 * Speed of measureLanguage on one thread: completions of 300 characters, 10,000 of them, a sixth in each of six languages, a tenth in
 * each of the languages in Latin letters, and the same for each language alone. `--json` prints one object.
 *
 *   node --import tsx scripts/bench_language.ts [--json] [--count 10000]
 *
 * Text comes from the language-identification sentences or the MGSM questions in the shared data folder ($GLOSSA_SHARED or
 * ../shared), in order and each as seldom as the count allows, with a formula put into every completion; for other languages, and
 * without that folder, from the sentences of test/language/sentences repeated, which flatters what is remembered (the field
 * `text` says which). What is in no sentence there is left out.
 *
 * The field `new_text` is Chinese and Japanese text of which nothing comes twice (the questions of the translated GSM8K, as many
 * completions as they fill), in seconds for 10,000.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import yargs from 'yargs';
import { LANGUAGE_TABLE, LANGUAGES, measureLanguage, type Language } from '../src/language/index.js';

const LENGTH = 300;
const FORMULA = '$x = \\frac{12}{4} = 3$ ';
/** Those that `mixed` is of. */
const SIX: readonly Language[] = ['en', 'ko', 'zh', 'ja', 'th', 'uk'];
const LATIN = LANGUAGES.filter((language) => LANGUAGE_TABLE[language].script === 'latin');

const { count, json } = yargs(process.argv.slice(2))
  .options({
    count: { type: 'number', default: 10_000, describe: 'completions' },
    json: { type: 'boolean', default: false, describe: 'one JSON object instead of a table' },
  })
  .strict()
  .parseSync();
const shared = process.env['GLOSSA_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url));
const sources: [name: string, file: (language: Language) => string][] = [
  ['langid_lingua', (language) => resolve(shared, `data/langid_lingua/${language}.jsonl`)],
  ['mgsm', (language) => resolve(shared, `data/mgsm/${language}.jsonl`)],
  ['repeated', (language) => fileURLToPath(new URL(`../test/language/sentences/${language}.txt`, import.meta.url))],
];

const pools = new Map<Language, string[]>();
const texts: Partial<Record<Language, string>> = {};
for (const language of LANGUAGES) {
  const source = sources.find(([, file]) => existsSync(file(language)));
  if (source === undefined) continue;
  texts[language] = source[0];
  pools.set(language, completions(readFileSync(source[1](language), 'utf8'), source[0], count));
}

for (const item of mixed(LANGUAGES).slice(0, 100)) measureLanguage(item.text, item.language);
const seconds: Record<string, { wall: number; cpu: number }> = { mixed: time(mixed(SIX)), latin: time(mixed(LATIN)) };
for (const [language, pool] of pools) seconds[language] = time(pool.map((text) => ({ language, text })));
const newText: Record<string, ReturnType<typeof timeNewText>> = {};
for (const language of ['zh', 'ja'] as const) {
  const file = resolve(shared, `data/gsm8k_train/${language}.jsonl.gz`);
  if (existsSync(file)) newText[language] = timeNewText(file, language);
}

const result = {
  bench: 'language',
  completions: count,
  characters: LENGTH,
  text: texts,
  seconds,
  new_text: newText,
  bound_s: 2,
  per_s: Math.round(count / seconds['mixed']!.wall),
};
if (json) console.log(JSON.stringify(result));
else {
  console.log(`${count} completions of ${LENGTH} characters, one thread`);
  for (const [name, { wall, cpu }] of Object.entries(seconds)) {
    console.log(
      `  ${name.padEnd(6)} ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of processor time  ${texts[name as Language] ?? ''}`,
    );
  }
  for (const [name, { completions: n, wall, cpu }] of Object.entries(newText)) {
    console.log(
      `  ${name}, new text (${n} completions, for 10,000): ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of processor time`,
    );
  }
}

/** The first 400 completions warm up and are not timed. */
function timeNewText(file: string, language: Language): { completions: number; wall: number; cpu: number } {
  const rows = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  const text = rows.map((row) => (JSON.parse(row) as { question: string }).question).join('');
  const items = Array.from({ length: Math.floor(text.length / LENGTH) }, (_, i) => ({
    language,
    text: text.slice(i * LENGTH, (i + 1) * LENGTH),
  }));
  time(items.splice(0, 400));
  const { wall, cpu } = time(items);
  const scale = 10_000 / items.length;
  return { completions: items.length, wall: wall * scale, cpu: cpu * scale };
}

function time(items: { language: Language; text: string }[]): { wall: number; cpu: number } {
  const start = performance.now();
  const cpu = process.cpuUsage();
  let words = 0;
  for (const { language, text } of items) words += measureLanguage(text, language).total;
  if (words === 0) throw new Error('no words were counted');
  const { user, system } = process.cpuUsage(cpu);
  return { wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6 };
}

function mixed(languages: readonly Language[]): { language: Language; text: string }[] {
  const there = languages.filter((language) => pools.has(language));
  return Array.from({ length: count }, (_, i) => {
    const language = there[i % there.length]!;
    return { language, text: pools.get(language)![i]! };
  });
}

function completions(file: string, source: string, n: number): string[] {
  const text = source === 'repeated' ? file.replaceAll('\n', ' ').repeat(40) : rows(file).join(' ');
  // A step prime to nothing in the text: windows overlap as little as the text's length allows.
  const step = Math.max(1, Math.floor((text.length - LENGTH) / n)) * 7 + 1;
  return Array.from({ length: n }, (_, i) => {
    const at = (i * Math.max(step, LENGTH)) % (text.length - LENGTH);
    return (text.slice(at, at + 140) + FORMULA + text.slice(at + 140, at + LENGTH)).slice(0, LENGTH);
  });
}

/** Sentences of langid_lingua, questions of MGSM. */
function rows(file: string): string[] {
  return file
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { text?: string; kind?: string; question?: string })
    .filter(({ kind }) => kind === undefined || kind === 'sentences')
    .map(({ text, question }) => text ?? question ?? '');
}
