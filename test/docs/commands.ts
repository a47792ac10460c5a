import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { program } from '../../src/cli/program.js';
import { ROOT } from '../e2e/glossa.js';
import { shellWords } from './blocks.js';

/** What follows `npx glossa`, or why the line is nothing that a page may show. */
export function glossaArguments(words: readonly string[]): string[] | undefined {
  if (words[0] === 'npx' && words[1] === 'glossa') return words.slice(2);
  assert.notEqual(words[0], 'glossa', 'the program is called as npx glossa');
  return undefined;
}

/** A command line whose command, arguments or options are not there fails. Placeholders (`FILE`, `[--json]`) are let through. */
export function checkOptions(args: readonly string[]): void {
  const words = args.map((word) => word.replaceAll(/^\[|\]$/g, '')).filter((word) => word !== '');
  if (words.length === 1 && ['--help', '--version'].includes(words[0]!)) return;
  const command = program.commands.find((each) => each.name() === words[0]);
  assert.ok(command, `there is no command ${words[0] ?? ''}`);
  command.exitOverride((error) => {
    throw error;
  });
  const { unknown } = command.parseOptions(words.slice(1));
  assert.deepEqual(
    unknown.filter((word) => word !== '--help'),
    [],
    `options that ${command.name()} does not have`,
  );
}

/** Simple commands of a line: what stands between pipes, `&&` and redirections. */
export function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  for (const word of shellWords(line)) {
    if (/^[|&;]+$/.test(word)) commands.push([]);
    else commands.at(-1)!.push(word);
  }
  return commands.map((words) => {
    const redirected = words.findIndex((word) => /^[<>]+$/.test(word));
    return redirected === -1 ? words : words.slice(0, redirected);
  });
}

const SCRIPTS = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** Programs that may stand beside ours in a line. */
const TOOLS = ['zcat', 'head', 'tail', 'cat', 'jq', 'wc'];

/**
 * What of a line is run in the folder of a page: the line itself, made small; undefined where it is only checked. A command that
 * this knows nothing about fails.
 */
export async function runnable(line: string, dir: string, laterLines: string): Promise<string | undefined> {
  const bare = line.replace(/\s+#.*$/, '');
  let run: string | undefined = bare;
  for (const words of simpleCommands(line)) {
    const args = glossaArguments(words);
    if (args) {
      checkOptions(args);
      const more = await madeSmall(args, dir, laterLines);
      run = more === undefined ? undefined : run && `${run}${more.length > 0 ? ` ${more.join(' ')}` : ''}`;
    } else if (words[0] === 'npm') {
      const script = words[1] === 'run' ? words[2]! : words[1]!;
      assert.ok(['test', 'ci', 'install', 'link'].includes(script) || script in SCRIPTS.scripts, `no script ${script}`);
      run = undefined; // they build and test, as this very test run does
    } else if (words[0] === 'node' || words[0]?.startsWith('build/')) {
      const file = words.find((word) => /\.(?:ts|mjs)$/.test(word));
      assert.ok(file === undefined || existsSync(join(ROOT, file)), `no file ${String(file)}`);
      run = undefined;
    } else if (words[0] === 'apt-get' || words[0] === 'pip') run = undefined;
    else assert.ok(TOOLS.includes(words[0]!), `nothing is known about ${String(words[0])}`);
  }
  return run;
}

/** Options that make a command a matter of a second; undefined: it is not run. */
async function madeSmall(args: readonly string[], dir: string, later: string): Promise<string[] | undefined> {
  const [command] = args;
  switch (command ?? '') {
    case 'fetch': // needs the network
    case 'sweep': // test/sweep runs them; the files are checked where they are shown
    case 'select': // a run of one step has nothing right; test/sft/select.test.ts runs it
    case 'demo': // takes a minute; test/e2e/demo.test.ts runs it
      return undefined;
    case 'train':
    case 'sft':
      return args.includes('--resume') || args.includes('--dry-run') ? [] : smallTraining(args, dir, later);
    case 'lab':
      return ['--set pretrain.steps=1 --set train_problems=16 --set test_problems=8'];
    case 'doctor':
    case 'eval':
    case 'sample':
    case 'logprobs':
    case 'score':
    case 'report':
    case 'runs':
    case 'compare':
    case 'export':
    case 'merge':
    case 'verify':
    case 'schema':
    case 'summary':
      return [];
    default:
      throw new Error(`say in test/docs/commands.ts how ${String(command)} is made small`);
  }
}

/** A run is made where a later line needs it; else its config is checked. */
async function smallTraining(args: readonly string[], dir: string, later: string): Promise<string[]> {
  const config = args.find((word) => /\.ya?ml$/.test(word))!;
  const raw = parse(await readFile(join(dir, config), 'utf8')) as RawConfig;
  const placed = args.find((word) => word.startsWith('run.dir='))?.slice('run.dir='.length);
  const run = placed ?? `runs/${config.replace(/^.*\/|\.ya?ml$/g, '')}`;
  const needed = later.includes(run) && !existsSync(join(dir, run));
  return needed ? smallSets(raw) : [...smallSets(raw), '--dry-run'];
}

export interface RawConfig {
  model?: { lab?: object; path?: string };
  data?: { train?: { path?: string }[]; eval?: { path?: string }[]; hold_out?: { ids?: string }[] };
  grpo?: Record<string, number>;
  sft?: { eval?: { path?: string }[] };
  rewards?: { module?: string }[];
}

/** Overrides that make a run of any config take a second. */
export function smallSets(raw: RawConfig): string[] {
  const lab = raw.model?.lab !== undefined;
  return [
    ...(lab ? ['model.lab.pretrain.steps=1', 'model.lab.train_problems=16', 'model.lab.test_problems=8'] : []),
    ...(raw.data?.eval ?? []).map((_, i) => `data.eval.${String(i)}.limit=2`),
    ...['grpo.max_steps=1', 'grpo.prompts_per_step=2', 'grpo.num_generations=2', 'grpo.max_completion_length=16'],
    ...(raw.sft ? ['sft.max_steps=1', 'sft.batch_size=2', 'optimizer.warmup_steps=0'] : []),
    'eval.num_samples=1',
  ].flatMap((set) => ['--set', set]);
}

/** Runs a line of sh in a folder. */
export function sh(line: string, cwd: string, env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile('bash', ['-o', 'pipefail', '-c', line], { cwd, env, timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout.slice(-500)}\n${stderr.slice(-1500)}` });
    });
  });
}
