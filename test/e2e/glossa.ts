import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { isTiming } from '../../src/metrics/index.js';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Starts the command line from its sources. */
export function start(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--import', 'tsx', join(ROOT, 'src/cli/main.ts'), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then((how) => {
    const [code, signal] = how as [number | null, NodeJS.Signals | null];
    return { code, signal, stdout, stderr };
  });
  return { child, ended };
}

export const glossa = (args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  start(args, environment).ended;

/** Runs a command and watches how much memory it takes (Linux). */
export async function watched(args: readonly string[]): Promise<Ended & { peakGb: number }> {
  const { child, ended } = start(args);
  let peakKb = 0;
  const timer = setInterval(() => {
    readFile(`/proc/${String(child.pid)}/status`, 'utf8')
      .then((text) => {
        peakKb = Math.max(peakKb, Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? 0));
      })
      .catch(() => undefined);
  }, 100);
  const result = await ended;
  clearInterval(timer);
  return { ...result, peakGb: peakKb / 2 ** 20 };
}

/** The lines of metrics.jsonl without what tells how long something took. */
export async function lastingMetrics(run: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(join(run, 'metrics.jsonl'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .map((line) => Object.fromEntries(Object.entries(line).filter(([name]) => !isTiming(name))));
}

/** Every file below a folder with its bytes (hex of sha256 would hide nothing more, and says less when they differ). */
export async function filesBelow(dir: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      files.set(path.slice(dir.length + 1), await readFile(path));
    }
  }
  return files;
}
