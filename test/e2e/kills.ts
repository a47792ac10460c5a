import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import { isTiming } from '../../src/metrics/index.js';
import { filesBelow, glossa, lastingMetrics, start } from './glossa.js';

/** Where a process was killed: after which of its events, and how many milliseconds later. */
export interface Kill {
  after: string;
  event: number;
  delay: number;
  /** Threads and rows of a micro-batch of the process; neither may change a bit. */
  sets: string[];
}

/** Settings that may be otherwise in each process of a run. */
const THREADS = [1, 2, 3];
const MICRO_BATCH = [16, 40, 200, 100_000];
/** A process is killed within this many milliseconds of an event: in the middle of what it began. */
const LONGEST_DELAY = 60;

const pick = <T>(values: readonly T[], random: () => number): T => values[Math.floor(random() * values.length)]!;

export interface Unbroken {
  /** How many it told. */
  events: number;
  /** Milliseconds until the first. */
  startUp: number;
}

/** A run that nothing breaks, in `dir`. */
export async function unbroken(config: object, dir: string): Promise<Unbroken> {
  const began = performance.now();
  const { child, ended } = start([...(await begin(config, dir)), '--progress', 'json']);
  const first = once(child.stdout!, 'data').then(() => performance.now() - began);
  const { code, stdout, stderr } = await ended;
  assert.equal(code, 0, stderr);
  return { events: stdout.split('\n').length, startUp: await first };
}

/** The same run in another folder, killed at random instants and gone on with until it ends. */
export async function broken(
  config: object,
  dir: string,
  { kills, events, startUp, random }: Unbroken & { kills: number; random: () => number },
): Promise<Kill[]> {
  const first = await begin(config, dir);
  const done: Kill[] = [];
  for (;;) {
    const sets = [
      `threads=${String(pick(THREADS, random))}`,
      `optimizer.micro_batch_tokens=${String(pick(MICRO_BATCH, random))}`,
    ];
    // Without a run.json there is nothing to go on with yet, and the config begins again.
    const base = existsSync(join(dir, 'run.json')) ? ['train', '--resume', dir] : [...first, '--resume', dir];
    const args = [...base, ...sets.flatMap((set) => ['--set', set]), '--progress', 'json'];
    if (done.length === kills) {
      const { code, stderr } = await glossa(args);
      assert.equal(code, 0, `${stderr}\nafter ${JSON.stringify(done)}`);
      return done;
    }
    const at = Math.floor(random() * ((1.5 * events) / kills));
    const kill = await killedAfter(args, at, random() * (at === 0 ? startUp : LONGEST_DELAY));
    if (kill === undefined) return done;
    done.push({ ...kill, sets });
  }
}

/** Kills a process some time after its n-th event; undefined where it ended before. */
async function killedAfter(
  args: readonly string[],
  event: number,
  delay: number,
): Promise<Omit<Kill, 'sets'> | undefined> {
  const { child, ended } = start(args);
  let seen = 0;
  let last = 'nothing';
  const reached = new Promise<void>((resolve) => {
    if (event === 0) resolve();
    child.stdout!.on('data', (text: string) => {
      for (const line of text.split('\n').filter((each) => each !== '')) {
        seen++;
        const told = /"type":"(\w+)"(?:,"phase":"(\w+)")?/.exec(line);
        if (told) last = told[2] ?? told[1]!;
        if (seen === event) resolve();
      }
    });
  });
  await Promise.race([reached, ended]);
  await Promise.race([wait(delay), ended]);
  const after = last;
  child.kill('SIGKILL');
  const { code, signal, stderr } = await ended;
  if (signal === 'SIGKILL') return { after, event, delay: Math.round(delay) };
  assert.equal(code, 0, stderr);
  return undefined;
}

async function begin(config: object, dir: string): Promise<string[]> {
  const path = `${dir}.yaml`;
  await writeFile(path, stringify({ ...config, run: { dir, name: 'killed' } }));
  return ['train', path];
}

/** Weights, optimizer, completions, evaluations and metrics of two runs are the same bytes; timings aside. */
export async function assertSameRun(run: string, whole: string, name: string): Promise<void> {
  assert.deepEqual(await lastingMetrics(run), await lastingMetrics(whole), `${name}: metrics`);
  for (const folder of ['checkpoints', 'rollouts', 'eval', 'final', 'reference']) {
    if (!existsSync(join(whole, folder))) continue;
    const expected = await filesBelow(join(whole, folder));
    const got = await filesBelow(join(run, folder));
    assert.deepEqual([...got.keys()].sort(), [...expected.keys()].sort(), `${name}: ${folder}`);
    for (const [file, bytes] of expected) assert.ok(got.get(file)!.equals(bytes), `${name}: ${folder}/${file} differs`);
  }
  assert.deepEqual(await lastingSummary(run), await lastingSummary(whole), `${name}: summary`);
}

/** summary.json without what is of the processes that made the run. */
async function lastingSummary(run: string): Promise<object> {
  const summary = JSON.parse(await readFile(join(run, 'summary.json'), 'utf8')) as Record<string, unknown>;
  const passing = ['started', 'ended', 'resumed', 'throughput', 'time', 'plan'];
  const lasting = Object.fromEntries(Object.entries(summary).filter(([key]) => !passing.includes(key)));
  const names = Object.keys(lasting['final'] as object);
  assert.ok(names.length > 10 && !names.some(isTiming));
  return lasting;
}
