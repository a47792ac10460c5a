import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { createEngine } from '../../src/engine/index.js';
import { ROOT } from '../e2e/glossa.js';
import { TINY } from '../engine/tiny.js';
import { BYTES } from '../tokenizer/bytes.js';

const CHAT = "{% for m in messages %}<turn>{{ m.content }}{% endfor %}{{ '<think>' if enable_thinking }}";
const TURN = { id: 259, content: '<turn>', special: true, normalized: false };

/** A model of milliseconds that reads bytes, in Hugging Face's layout. */
export async function makeModel(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const config = { ...(JSON.parse(TINY.config) as object), vocab_size: 260, max_position_embeddings: 1024 };
  const engine = await createEngine(JSON.stringify(config), 1n, { threads: 1 });
  await engine.saveWeights(dir);
  await engine.dispose();
  const tokenizer = { ...BYTES, added_tokens: [...BYTES.added_tokens, TURN] };
  const files = {
    'tokenizer.json': tokenizer,
    'tokenizer_config.json': { eos_token: '<end>' },
    'generation_config.json': { eos_token_id: 256 },
    'config.json': config,
  };
  for (const [name, value] of Object.entries(files)) await writeFile(join(dir, name), JSON.stringify(value));
  await writeFile(join(dir, 'chat_template.jinja'), CHAT);
}

/** The config that the pages call my.yaml. */
const MY_YAML = `model: { path: models/my-model }
data:
  train: [{ path: problems.jsonl, language: ko }]
  eval: [{ name: test, path: test.jsonl, limit: 2 }]
rewards: [{ name: accuracy }, { name: language, weight: 0.5 }]
grpo: { max_steps: 1, prompts_per_step: 2, num_generations: 2, max_completion_length: 8 }
`;

type Row = Record<string, unknown>;
const problem = (id: number): Row => ({
  id: `p${String(id)}`,
  question: `${String(id)} + 2 = ?`,
  answer: String(id + 2),
  lang: 'ko',
});
export const PROBLEMS = [1, 2, 3, 4].map(problem);
/** Held out: no problem that is trained on is asked. */
export const HELD_OUT = [11, 12, 13, 14].map(problem);

/** Files that the pages' commands name, as their readers have them. */
const FILES: Record<string, readonly Row[]> = {
  'problems.jsonl': PROBLEMS,
  'test.jsonl': HELD_OUT,
  'completions.jsonl': PROBLEMS.map(({ answer, lang }) => ({ prediction: '#### 3', gold: answer, lang })),
  'texts.jsonl': [{ text: 'one' }, { prompt: 'a', completion: 'b' }],
  'rows.jsonl': [{ text: 'one' }, { prompt: 'a', completion: 'b' }],
  'rows.parquet': [{ text: 'one' }, { text: 'two' }],
  'ids.jsonl': [{ prompt_ids: [1, 2], completion_ids: [3] }],
};

/** Writes rows as the file's name says. */
export async function writeRows(path: string, rows: readonly Row[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (path.endsWith('.parquet')) {
    const columns = Object.keys(rows[0]!).map((name) => ({ name, data: rows.map((row) => row[name]) }));
    await writeFile(path, new Uint8Array(parquetWriteBuffer({ columnData: columns })));
    return;
  }
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await writeFile(path, path.endsWith('.gz') ? gzipSync(text) : text);
}

/** A folder in which the commands of a page find what they name, and `npx glossa` runs the sources. */
export async function pageFolder(model: string): Promise<{ dir: string; env: NodeJS.ProcessEnv }> {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-page-'));
  for (const studies of ['lab', 'levers', 'lora'])
    await cp(join(ROOT, 'studies', studies), join(dir, 'studies', studies), { recursive: true });
  if (existsSync(join(ROOT, '..', 'shared')))
    await symlink(join(ROOT, 'studies', 'real'), join(dir, 'studies', 'real'));
  await mkdir(join(dir, 'models'));
  await symlink(model, join(dir, 'models', 'my-model'));
  await writeFile(join(dir, 'my.yaml'), MY_YAML);
  await cp(join(model, 'config.json'), join(dir, 'config.json'));
  for (const [name, rows] of Object.entries(FILES)) await writeRows(join(dir, name), rows);
  const env = {
    ...process.env,
    HF_HUB_CACHE: await hubCache(dir, model),
    HF_HUB_OFFLINE: '1',
    PATH: await launcher(dir),
  };
  return { dir, env };
}

/** The hub's cache with the names that the pages fetch. */
async function hubCache(dir: string, model: string): Promise<string> {
  const cache = join(dir, 'hub');
  const commit = '0123456789012345678901234567890123456789';
  const put = async (repository: string, fill: (snapshot: string) => Promise<void>) => {
    await mkdir(join(cache, repository, 'snapshots'), { recursive: true });
    await mkdir(join(cache, repository, 'refs'));
    await writeFile(join(cache, repository, 'refs', 'main'), commit);
    await fill(join(cache, repository, 'snapshots', commit));
  };
  await put('models--Qwen--Qwen2.5-0.5B-Instruct', (snapshot) => cp(model, snapshot, { recursive: true }));
  await put('datasets--org--sums', (snapshot) => writeRows(join(snapshot, 'test.jsonl'), PROBLEMS));
  return cache;
}

/** A PATH whose npx runs the sources of this checkout. */
async function launcher(dir: string): Promise<string> {
  const bin = join(dir, '.bin');
  await mkdir(bin);
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const main = join(ROOT, 'src', 'cli', 'main.ts');
  await writeFile(join(bin, 'npx'), `#!/bin/sh\nshift\nexec '${process.execPath}' --import '${tsx}' '${main}' "$@"\n`);
  await chmod(join(bin, 'npx'), 0o755);
  // What the page's programs import: the sources, under the name of the package.
  const here = join(dir, 'node_modules', 'glossa');
  await mkdir(here, { recursive: true });
  // Grading threads of the sources look for it from the working folder.
  await symlink(join(ROOT, 'node_modules', 'tsx'), join(dir, 'node_modules', 'tsx'));
  await writeFile(join(here, 'package.json'), '{"type":"module","exports":"./index.mjs"}');
  await writeFile(join(here, 'index.mjs'), `export * from '${join(ROOT, 'src', 'index.ts')}';\n`);
  return `${bin}:${process.env['PATH'] ?? ''}`;
}
