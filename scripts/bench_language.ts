/**
 * Speed of measureLanguage on one thread: completions of 300 characters, 10,000 of them, a sixth in each language, and the same
 * for each language alone. `--json` prints one object.
 *
 *   node --import tsx scripts/bench_language.ts [--json] [--count 10000]
 *
 * Text comes from the language-identification sentences in the shared data folder ($GLOSSA_SHARED or ../shared), in order and
 * each as seldom as the count allows, with a formula put into every completion; without them from a few sentences repeated,
 * which flatters Chinese, Japanese and Thai, whose word breaks are remembered (the field `text` says which).
 *
 * The field `new_text` is Chinese and Japanese text of which nothing comes twice (the questions of the translated GSM8K, as many
 * completions as they fill), in seconds for 10,000.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import yargs from 'yargs';
import { LANGUAGES, measureLanguage, type Language } from '../src/language/index.js';

const LENGTH = 300;
const FORMULA = '$x = \\frac{12}{4} = 3$ ';
const SPARE: Record<Language, string> = {
  en: 'Tom has 12 apples and gives 5 of them to his sister. How many apples are left? ',
  ko: '민수는 사과 12개를 가지고 있었고 동생에게 5개를 주었습니다. 남은 사과는 몇 개입니까? ',
  zh: '小明有12个苹果，给了妹妹5个。他还剩下多少个苹果？',
  ja: '太郎さんはりんごを12個持っていて、妹に5個あげました。りんごは何個残っていますか。',
  th: 'ต้นมีแอปเปิล 12 ผล และให้น้องสาวไป 5 ผล เหลือแอปเปิลกี่ผล ',
  uk: 'Тарас мав 12 яблук і віддав сестрі 5 яблук. Скільки яблук у нього залишилося? ',
};

const { count, json } = yargs(process.argv.slice(2))
  .options({
    count: { type: 'number', default: 10_000, describe: 'completions' },
    json: { type: 'boolean', default: false, describe: 'one JSON object instead of a table' },
  })
  .strict()
  .parseSync();
const shared = process.env['GLOSSA_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url));
const folder = resolve(shared, 'data/langid_lingua');
const natural = existsSync(folder);

const pools = new Map<Language, string[]>();
for (const language of LANGUAGES) pools.set(language, completions(language, count));
const mixed = Array.from({ length: count }, (_, i) => {
  const language = LANGUAGES[i % LANGUAGES.length]!;
  return { language, text: pools.get(language)![i]! };
});

for (let i = 0; i < 60; i++) measureLanguage(mixed[i]!.text, mixed[i]!.language);
const seconds: Record<string, { wall: number; cpu: number }> = { mixed: time(mixed) };
for (const language of LANGUAGES) seconds[language] = time(pools.get(language)!.map((text) => ({ language, text })));
const newText: Record<string, ReturnType<typeof timeNewText>> = {};
for (const language of ['zh', 'ja'] as const) {
  const file = resolve(shared, `data/gsm8k_train/${language}.jsonl.gz`);
  if (existsSync(file)) newText[language] = timeNewText(file, language);
}

const result = {
  bench: 'language',
  completions: count,
  characters: LENGTH,
  text: natural ? 'langid_lingua sentences' : 'repeated sentences',
  seconds,
  new_text: newText,
  bound_s: 2,
  per_s: Math.round(count / seconds['mixed']!.wall),
};
if (json) console.log(JSON.stringify(result));
else {
  console.log(`${count} completions of ${LENGTH} characters (${result.text}), one thread`);
  for (const [name, { wall, cpu }] of Object.entries(seconds)) {
    console.log(`  ${name.padEnd(6)} ${wall.toFixed(2)} s, ${cpu.toFixed(2)} s of processor time   (bound 2 s)`);
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

function completions(language: Language, n: number): string[] {
  const file = join(folder, `${language}.jsonl`);
  let text = SPARE[language].repeat(400);
  if (natural) {
    const rows = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { text: string; kind: string });
    text = rows
      .filter((row) => row.kind === 'sentences')
      .map((row) => row.text)
      .join(' ');
  }
  // A step prime to nothing in the text: windows overlap as little as the text's length allows.
  const step = Math.max(1, Math.floor((text.length - LENGTH) / n)) * 7 + 1;
  return Array.from({ length: n }, (_, i) => {
    const at = (i * Math.max(step, LENGTH)) % (text.length - LENGTH);
    return (text.slice(at, at + 140) + FORMULA + text.slice(at + 140, at + LENGTH)).slice(0, LENGTH);
  });
}
