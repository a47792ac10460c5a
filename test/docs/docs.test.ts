import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse, stringify } from 'yaml';
import { planSweep, readSweepFile } from '../../src/sweep/index.js';
import { ROOT } from '../e2e/glossa.js';
import { blocksOf, shellWords, type Block } from './blocks.js';
import { checkOptions, glossaArguments, runnable, sh, smallSets, type RawConfig } from './commands.js';
import { HELD_OUT, makeModel, pageFolder, PROBLEMS, writeRows } from './page_folder.js';

// Every block of every page is run or checked. What this does not know fails: say here how a new kind is tried.
const PAGES = [
  'README.md',
  ...(await readdir(join(ROOT, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];
/** What was tried and decided on a day: its commands were those of that day. */
const DIARY = 'docs/log.md';

let root: string;
let model: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-docs-'));
  model = join(root, 'model');
  await makeModel(model);
});
after(() => rm(root, { recursive: true, force: true }));

describe('the pages', { concurrency: 2 }, () => {
  for (const page of PAGES) {
    it(`${page} shows what works`, async () => {
      const blocks = await blocksOf(page);
      if (page !== DIARY) for (const block of blocks.filter(({ kind }) => kind === 'inline')) checkInline(block);
      const shown = blocks.filter(({ kind }) => kind !== 'inline');
      if (shown.length === 0) return;
      const folder = await pageFolder(model);
      const later = shown.filter(({ kind }) => kind === 'sh').map(({ text }) => text);
      // Files first: a page may show a command before the file that it reads.
      for (const { file, text } of shown) if (file !== undefined) await put(join(folder.dir, file), text);
      if (usesRun(later)) await tryCommands('npx glossa train my.yaml --progress none', folder, 'runs/my');
      const modules = shown.filter(({ kind, text }) => kind in { js: 1, ts: 1 } && text.includes('export default'));
      for (const block of shown) await at(block, () => tryBlock(block, { ...folder, modules }, later));
      await rm(folder.dir, { recursive: true, force: true });
    });
  }
});

/** Whether commands use the run of my.yaml without having made it. */
function usesRun(blocks: readonly string[]): boolean {
  const text = blocks.join('\n');
  return text.includes('runs/my') && !text.includes('train my.yaml');
}

interface Folder {
  dir: string;
  env: NodeJS.ProcessEnv;
  /** Reward modules that the page shows. */
  modules?: Block[];
}

async function tryBlock(block: Block, folder: Folder, later: string[]): Promise<void> {
  switch (block.kind) {
    case 'sh':
      later.shift();
      return tryCommands(block.text, folder, later.join('\n'));
    case 'yaml':
      return tryConfig(block, folder);
    case 'js':
    case 'ts':
      // Of a server, test/reward/http_servers.test.ts asks what it answers.
      return block.text.includes('createServer(') ? undefined : tryProgram(block, folder);
    case 'python': // test/sweep/results.test.ts and test/reward/http_servers.test.ts run them
      return;
    case 'jinja':
      return tryTemplate(block, folder);
    case 'json':
      JSON.parse(block.text);
      return;
    case 'jsonl':
      for (const line of block.text.split('\n')) JSON.parse(line);
      return;
    case 'text':
    case 'indented': // what a program prints, or a formula
      assert.doesNotMatch(block.text, /^\s*(?:\$ )?(?:npx )?glossa [a-z]/m, 'a command belongs in a block of sh');
      return;
    default:
      throw new Error(`nothing is known about a block of ${JSON.stringify(block.kind)}`);
  }
}

async function tryCommands(text: string, { dir, env }: Folder, laterBlocks: string): Promise<void> {
  const lines = text.split('\n').filter((line) => shellWords(line).length > 0);
  for (const [i, line] of lines.entries()) {
    const later = `${lines.slice(i + 1).join('\n')}\n${laterBlocks}`;
    const small = await runnable(line, dir, later);
    if (small === undefined) continue;
    const { code, output } = await sh(small, dir, env);
    assert.equal(code, 0, `${small}\n${output}`);
  }
}

/** A whole config trains a step; a part of one is checked in a whole one. */
async function tryConfig({ text, file }: Block, { dir, env, modules = [] }: Folder): Promise<void> {
  const raw = parse(text) as RawConfig;
  if ('base' in raw) return trySweep(text, file, dir);
  const whole = raw.model !== undefined;
  const base = { model: { path: 'models/my-model' }, data: { train: [{ path: 'problems.jsonl' }] } };
  await giveFiles(raw, dir);
  // The page's own modules, in the order in which the config names them.
  for (const { module } of raw.rewards ?? [])
    if (module !== undefined && !existsSync(join(dir, module))) await put(join(dir, module), modules.shift()!.text);
  const path = file ?? 'block.yaml';
  await put(join(dir, path), whole ? text : stringify({ ...base, ...raw }));
  const args = [path, ...smallSets(raw), '--set', 'run.dir=runs/block', ...(whole ? ['--overwrite'] : ['--dry-run'])];
  const { code, output } = await sh(`npx glossa train ${args.join(' ')} --progress none`, dir, env);
  assert.equal(code, 0, output);
}

/** All runs of a sweep file are checked. */
async function trySweep(text: string, file: string | undefined, dir: string): Promise<void> {
  const path = join(dir, file ?? 'block.yaml');
  await put(path, text);
  const { record } = await planSweep(await readSweepFile(path), join(dir, 'runs/sweep'));
  assert.ok(record.runs.length > 1);
}

/** Worked examples are other problems than the one that is asked. */
const ANOTHER = { id: 'p5', question: '10 - 3 = ?', answer: '7' };
const ANOTHER_HELD_OUT = { id: 'p15', question: '20 - 3 = ?', answer: '17' };

/** Problems and models that a config names, where the page does not give them. */
async function giveFiles({ data, sft, model: named }: RawConfig, dir: string): Promise<void> {
  interface Source {
    path?: string;
    split?: string;
    fields?: Record<string, string>;
  }
  const sources = [
    ...((data?.train ?? []) as Source[]).map((source) => [source, [...PROBLEMS, ANOTHER]] as const),
    ...([...(data?.eval ?? []), ...(sft?.eval ?? [])] as Source[]).map(
      (source) => [source, [...HELD_OUT, ANOTHER_HELD_OUT]] as const,
    ),
  ];
  for (const [source, problems] of sources) {
    if (source.path === undefined) continue;
    const inFolder = source.split === undefined ? source.path : `${source.path}/${source.split}.jsonl`;
    const path = join(dir, inFolder.replace('*', '0'));
    if (existsSync(path)) continue;
    const {
      question = 'question',
      answer = 'answer',
      id = 'id',
      language = 'lang',
      level = 'level',
    } = source.fields ?? {};
    const rows = problems.map((row, i) =>
      nested({
        [level]: i % 2 === 0 ? 1 : 5,
        [id]: row['id'],
        [question]: row['question'],
        [answer]: row['answer'],
        [language]: 'ko',
      }),
    );
    await writeRows(path, rows);
  }
  for (const { ids } of data?.hold_out ?? []) {
    if (ids !== undefined && !existsSync(join(dir, ids)))
      await put(join(dir, ids), ids.endsWith('.csv') ? 'problem_id\nheld-1\n' : 'held-0\n');
  }
  if (named?.path !== undefined && !existsSync(join(dir, named.path))) await makeModel(join(dir, named.path));
}

/** `a.b` as a field inside a field. */
function nested(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => {
      const [head, ...rest] = name.split('.');
      return rest.length > 0 ? [head!, nested({ [rest.join('.')]: value })] : [head!, value];
    }),
  );
}

/** A file of a page loads; a program runs. */
async function tryProgram({ text, file, kind }: Block, { dir, env }: Folder): Promise<void> {
  const path = file ?? `block.${kind === 'ts' ? 'ts' : 'mjs'}`;
  await put(join(dir, path), text);
  const { code, output } = await sh(`node --import ${import.meta.resolve('tsx')} ${path}`, dir, env);
  assert.equal(code, 0, output);
}

async function tryTemplate({ text, file }: Block, { dir, env }: Folder): Promise<void> {
  const path = file ?? 'own.jinja';
  await put(join(dir, path), text);
  const line = `npx glossa sample --model models/my-model --prompt 1+1 --template ${path} --system x --max-tokens 1`;
  const { code, output } = await sh(line, dir, env);
  assert.equal(code, 0, output);
}

/** Code in a line that is a command: it is called in the one way, and has its options. */
function checkInline(block: Block): void {
  if (!/^(?:npx )?glossa [a-z-]/.test(block.text)) return;
  at(block, () => {
    const args = glossaArguments(shellWords(block.text.replaceAll(/[[\]]/g, '')));
    checkOptions([...args!, 'VALUE']); // the last option may be named without one
  });
}

function at<T>(block: Block, work: () => T): T {
  const named = (error: unknown): never => {
    throw new Error(`${block.place}: ${(error as Error).message}`, { cause: error });
  };
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(named) as T) : result;
  } catch (error) {
    return named(error);
  }
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text.endsWith('\n') ? text : `${text}\n`);
}
