import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { GlossaError } from '../../src/base/error.js';
import { exists } from '../../src/base/exists.js';
import type { RunRecord } from '../../src/run/index.js';
import { planSweep, readLog, readSweepFile, type LoggedEvent } from '../../src/sweep/index.js';
import { glossa, start } from '../e2e/glossa.js';
import { assertSameRuns, killedSweep } from './kill.js';
import { tinyBase } from './sweep_file.js';

let root: string;
/** Six runs that nothing disturbed. */
let whole: string;
const SIX = { name: 'six', axes: { 'grpo.temperature': [0.8, 1.2] }, seeds: 3, local: { retries: 10 } };

async function write(name: string, content: Record<string, unknown>): Promise<string> {
  const path = join(root, name);
  await writeFile(path, stringify({ base: tinyBase(join(root, 'lab')), ...content }));
  return path;
}
const sweep = (path: string, out: string, ...more: string[]) => [
  'sweep',
  path,
  '--out',
  out,
  '--progress',
  'plain',
  ...more,
];
const events = async (dir: string, wanted: LoggedEvent['event']) =>
  (await readLog(dir)).filter(({ event }) => event === wanted);

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-sweep-'));
  whole = join(root, 'whole');
  const { code, stderr } = await glossa(sweep(await write('six.yaml', SIX), whole));
  assert.equal(code, 0, stderr);
});
after(() => rm(root, { recursive: true, force: true }));

describe('a sweep on this machine', () => {
  it('killed at any instant, as a whole or single runs, ends with the bytes of the unbroken one', async () => {
    const out = join(root, 'killed');
    const { code, stderr, met } = await killedSweep({
      args: sweep(join(root, 'six.yaml'), out),
      out,
      victims: ['run', 'sweep', 'all', 'run'],
      delay: () => 500 + 2000 * Math.random(),
      random: Math.random,
    });
    assert.equal(code, 0, stderr);
    assert.ok(met > 0, 'no kill met a run');
    assert.equal(await assertSameRuns(out, whole), 6);
  });

  it('stopped by Ctrl-C saves every run, goes on when called again, and redoes nothing when runs are added', async () => {
    const out = join(root, 'stopped');
    const path = await write('two.yaml', { ...SIX, axes: { 'grpo.temperature': [0.8] }, seeds: [1, 2] });
    const { child, ended } = start(sweep(path, out, '--progress', 'json'));
    child.stdout!.on('data', (text: string) => {
      if (text.includes('"type":"step"')) child.kill('SIGINT');
    });
    const first = await ended;
    assert.equal(first.code, 130, first.stderr);
    assert.doesNotMatch(first.stderr, /error/);
    const runs = join(out, 'runs');
    for (const name of ['temperature=0.8-seed=1', 'temperature=0.8-seed=2']) {
      const text = await readFile(join(runs, name, 'run.json'), 'utf8').catch(() => undefined);
      if (text !== undefined) assert.notEqual((JSON.parse(text) as RunRecord).status, 'running');
    }
    assert.equal((await glossa(sweep(path, out))).code, 0);
    const started = (await events(out, 'started')).length;
    // Four more runs, two of them under other names than they would have had from the start.
    await write('two.yaml', SIX);
    const again = await glossa(sweep(path, out));
    assert.equal(again.code, 0, again.stderr);
    assert.equal((await events(out, 'started')).length, started + 4);
    assert.equal(await assertSameRuns(out, whole), 6);
    // There is nothing left to do.
    assert.equal((await glossa(sweep(path, out))).code, 0);
    assert.equal((await events(out, 'started')).length, started + 4);
  });

  it('killed, leaves runs that the next call can stop, and that are not begun anew under their own process', async () => {
    const out = join(root, 'left');
    const long = { ...SIX, name: 'left', axes: {}, seeds: 1, set: { 'grpo.max_steps': 2000 } };
    const path = await write('left.yaml', long);
    const { child, ended } = start(sweep(path, out, '--progress', 'json'));
    child.stdout!.on('data', (text: string) => {
      if (text.includes('"type":"step"')) child.kill('SIGKILL');
    });
    await ended;
    await write('left.yaml', { ...long, set: { 'grpo.max_steps': 3 } });
    const anew = await glossa(sweep(path, out, '--restart-changed'));
    assert.match(
      anew.stderr,
      /error RUN_LOCKED: .*seed=1: process \d+ on .* trains in this folder still\n.*kill -INT \d+/,
    );
    await write('left.yaml', long);
    await rm(join(out, 'sweep.lock'), { force: true });
    const next = start(sweep(path, out));
    // It hears signals by then, and has not looked at its runs yet.
    while (!(await exists(join(out, 'sweep.lock')))) await wait(5);
    next.child.kill('SIGINT');
    const { code, stderr } = await next.ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /1 interrupted\nto go on:\n {2}npx glossa sweep .*left\.yaml --out .*left\n/);
  });

  it('tries a run that fails again, and goes on with the others', async () => {
    const out = join(root, 'failing');
    const path = await write('failing.yaml', {
      arms: [
        { name: 'damaged', set: { 'grpo.max_steps': 2 } },
        { name: 'broken', set: { 'data.train': [{ path: 'not-there.jsonl', language: 'ko' }] } },
        { name: 'fine', set: { 'grpo.max_steps': 2 } },
      ],
      local: { retries: 1 },
    });
    await mkdir(join(out, 'runs/damaged'), { recursive: true });
    await writeFile(join(out, 'runs/damaged/run.json'), '{');
    const { code, stderr } = await glossa(sweep(path, out));
    assert.equal(code, 1);
    assert.match(stderr, /damaged: failed: RUN_CORRUPT: .*damaged.run\.json/);
    assert.match(stderr, /broken: failed: DATA_NOT_FOUND: .*not-there\.jsonl/);
    assert.match(stderr, /1 finished, 2 failed/);
    assert.deepEqual((await events(out, 'failed')).map(({ run }) => run).sort(), [
      'broken',
      'broken',
      'damaged',
      'damaged',
    ]);
  });

  it('ends where the disk is full, with every run as it was saved, and spends no attempts', async (t) => {
    const out = join(root, 'small-disk');
    await mkdir(out);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', out], { stdio: 'ignore' });
    } catch {
      t.skip('needs the right to mount a small file system');
      return;
    }
    try {
      const set = { 'grpo.max_steps': 200, 'checkpoint.every': 1, 'checkpoint.keep': 100 };
      const path = await write('small-disk.yaml', { name: 'small-disk', set, seeds: 3, local: { retries: 10 } });
      const full = await glossa(sweep(path, out));
      assert.equal(full.code, 1);
      assert.match(full.stderr, /error IO_ERROR: .*(No space left on device|ENOSPC)[\s\S]*free some space/);
      execFileSync('mount', ['-o', 'remount,size=400m', out]);
      assert.deepEqual(await events(out, 'failed'), []);
      const next = await glossa(sweep(path, out, '--dry-run', '--json'));
      assert.equal(next.code, 0, next.stderr);
      const { runs } = JSON.parse(next.stdout) as { runs: { step: number; state: string }[] };
      assert.ok(runs.some(({ step }) => step > 0));
      assert.ok(runs.every(({ state }) => ['waiting', 'interrupted', 'failed'].includes(state)));
    } finally {
      execFileSync('umount', [out]);
    }
  });

  it('ends no arm where all have failed', async () => {
    const out = join(root, 'all-failed');
    const path = await write('all-failed.yaml', {
      axes: { 'grpo.temperature': [0.8, 1.2] },
      set: { 'data.train': [{ path: 'not-there.jsonl', language: 'ko' }] },
      local: { retries: 0 },
      halving: { metric: 'entropy', at: [2] },
    });
    const { code, stderr } = await glossa(sweep(path, out));
    assert.equal(code, 1);
    assert.match(stderr, /: 2 failed\n/);
    assert.equal((await events(out, 'halved')).length, 0);
  });

  it('ends arms that others leave behind, by a decision that it comes to again', async () => {
    const out = join(root, 'halved');
    const path = await write('halved.yaml', {
      ...SIX,
      name: 'halved',
      seeds: [1, 2],
      halving: { metric: 'entropy', at: [2], direction: 'min' },
    });
    const first = await glossa(sweep(path, out));
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stderr, /2 finished, 2 stopped/);
    const [decision, ...others] = await events(out, 'halved');
    assert.equal(others.length, 0);
    assert.ok(decision?.event === 'halved');
    assert.equal(decision.step, 2);
    assert.deepEqual([decision.kept.length, decision.stopped.length], [1, 1]);
    assert.ok(decision.kept[0]!.value! < decision.stopped[0]!.value!);
    // What went on has the bytes of a run that never waited.
    for (const name of decision.kept[0]!.runs) {
      const weights = (dir: string) => readFile(join(dir, 'runs', name, 'final/model.safetensors'));
      assert.ok((await weights(out)).equals(await weights(whole)));
    }
    const again = await glossa(sweep(path, out));
    assert.match(again.stderr, /2 finished, 2 stopped/);
    assert.equal((await events(out, 'halved')).length, 1);
  });
});

describe('a folder of a sweep', () => {
  const refusal = async (path: string, out: string) => {
    try {
      await planSweep(await readSweepFile(path), out);
    } catch (error) {
      return error as GlossaError;
    }
    throw new Error('nothing was refused');
  };

  it('tells which runs an edited base would change, and starts nothing unasked', async () => {
    const base = tinyBase(join(root, 'lab'));
    const path = await write('edited.yaml', { ...SIX, base: { ...base, grpo: { ...base.grpo, max_steps: 6 } } });
    const edited = await planSweep(await readSweepFile(path), whole);
    assert.equal(edited.changed.length, 6);
    assert.deepEqual(edited.changed[0]!.differences, [{ what: 'grpo.max_steps', then: '4', now: '6' }]);
    const { code, stderr } = await glossa(sweep(path, whole));
    assert.equal(code, 1);
    assert.match(stderr, /error SWEEP_EDITED: .*6 runs .*temperature=0\.8-seed=1\n {2}grpo\.max_steps: 4 then, 6 now/s);
    assert.match(stderr, /--restart-changed/);
    // What changes no result changes no run.
    await write('edited.yaml', { ...SIX, base: { ...base, threads: 1, checkpoint: { every: 1 } } });
    assert.equal((await planSweep(await readSweepFile(path), whole)).changed.length, 0);
  });

  it('knows its runs under the names that a further axis would give them', async () => {
    const path = await write('wider.yaml', { ...SIX, axes: { ...SIX.axes, 'grpo.beta': [0, 0.1] } });
    const { record, added, left } = await planSweep(await readSweepFile(path), whole);
    assert.equal(record.runs.length, 12);
    assert.deepEqual([added.length, left.length], [6, 0]);
    assert.deepEqual(new Set(record.runs.map(({ index }) => index)).size, 12);
    assert.equal(record.runs[0]!.name, 'temperature=0.8-seed=1');
  });

  it('is not taken for another sweep, nor a run of another origin for one of its own', async () => {
    const other = await write('other.yaml', { ...SIX, name: 'other' });
    assert.match((await refusal(other, whole)).message, /is of the sweep six/);
    assert.match((await refusal(other, join(whole, 'runs/temperature=0.8-seed=1'))).message, /is the folder of a run/);
    const foreign = join(root, 'foreign');
    await cp(join(whole, 'runs/temperature=0.8-seed=1'), join(foreign, 'runs/temperature=1.2-seed=1'), {
      recursive: true,
    });
    const { code, message } = await refusal(join(root, 'six.yaml'), foreign);
    assert.equal(code, 'SWEEP_PLACE');
    assert.match(message, /not this sweep's\n {2}grpo\.temperature: 0\.8 then, 1\.2 now/);
  });

  it('whose sweep.json is gone finds its runs again; a changed one is refused', async () => {
    const copy = join(root, 'copy');
    await cp(whole, copy, { recursive: true });
    const text = await readFile(join(copy, 'sweep.json'), 'utf8');
    await writeFile(join(copy, 'sweep.json'), text.replace('"seed": 1', '"seed": 9'));
    assert.equal((await refusal(join(root, 'six.yaml'), copy)).code, 'SWEEP_CORRUPT');
    await rm(join(copy, 'sweep.json'));
    const found = await planSweep(await readSweepFile(join(root, 'six.yaml')), copy);
    assert.equal(found.changed.length, 0);
  });

  it('asks before ten thousand runs', async () => {
    const path = await write('many.yaml', { seeds: 10_000, set: { 'data.eval': [] } });
    const { code, stderr } = await glossa(sweep(path, join(root, 'many')));
    assert.equal(code, 1);
    assert.match(stderr, /error SWEEP_LARGE: .*10000 runs.*\n.*--yes/s);
  });
});
