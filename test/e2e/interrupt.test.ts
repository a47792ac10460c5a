import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { thisProcess } from '../../src/base/process.js';
import { runFolder, type RunRecord } from '../../src/run/index.js';
import { filesBelow, glossa, lastingMetrics, start } from './glossa.js';

let root: string;
const settings = (dir: string) => [
  ...['--set', `run.dir=${dir}`, '--set', `model.cache=${join(root, 'lab')}`, '--set', 'model.lab.pretrain.steps=30'],
  ...['--set', 'grpo.prompts_per_step=8', '--set', 'data.eval=[]', '--progress', 'plain'],
];
const train = (dir: string, ...more: string[]) => ['train', 'studies/lab/smoke.yaml', ...settings(dir), ...more];
const record = async (dir: string) => JSON.parse(await readFile(join(dir, 'run.json'), 'utf8')) as RunRecord;

/** Waits until a process that was started says a text, from now on. */
async function untilSaid({ child, ended }: ReturnType<typeof start>, said: string) {
  await new Promise<void>((resolve, reject) => {
    let text = '';
    child.stderr!.on('data', (more: string) => {
      text += more;
      if (text.includes(said)) resolve();
    });
    void ended.then(({ stderr }) => {
      reject(new Error(`ended early: ${stderr}`));
    });
  });
}

/** Starts a run and waits until it has made some steps. */
async function startUntilStep(args: readonly string[], step: number) {
  const started = start(args);
  await untilSaid(started, `step ${String(step)}/`);
  return started;
}

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-interrupt-'));
});
after(() => rm(root, { recursive: true, force: true }));

describe('a run that is stopped', () => {
  it('by Ctrl-C finishes its step, saves, says how to go on, and goes on to the same bytes', async () => {
    const dir = join(root, 'stopped');
    const steps = [
      '--set',
      'grpo.max_steps=8',
      '--set',
      'optimizer.lr_scheduler_type=constant',
      '--set',
      'checkpoint.every=0',
    ];
    const { child, ended } = await startUntilStep(train(dir, ...steps), 2);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /finishing the step/);
    assert.match(stderr, new RegExp(`glossa train --resume ${dir}`));
    assert.equal((await record(dir)).status, 'interrupted');
    assert.equal((await glossa(['train', '--resume', dir])).code, 0);
    assert.equal((await record(dir)).status, 'finished');
    const whole = join(root, 'unstopped');
    assert.equal((await glossa(train(whole, ...steps))).code, 0);
    assert.deepEqual(await lastingMetrics(dir), await lastingMetrics(whole));
    const weights = (run: string) => readFile(join(run, 'checkpoints/000008/model.safetensors'));
    assert.ok((await weights(dir)).equals(await weights(whole)));
  });

  for (const [signal, exit] of [
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`by ${signal} saves too, and its exit code tells by what`, async () => {
      const dir = join(root, signal);
      const { child, ended } = await startUntilStep(
        train(dir, '--set', 'checkpoint.every=0', '--set', 'grpo.max_steps=1000'),
        1,
      );
      // A terminal that is gone takes no more lines either.
      if (signal === 'SIGHUP') child.stderr!.destroy();
      child.kill(signal);
      const { code } = await ended;
      assert.equal(code, exit);
      const { status, saved } = await record(dir);
      assert.equal(status, 'interrupted');
      assert.ok(saved! > 0);
      assert.equal((await readdir(join(dir, 'checkpoints'))).length, 1);
    });
  }

  it('while it was to overwrite another, at any instant, leaves one of the two whole', async () => {
    const dir = join(root, 'overwritten');
    const old = ['--set', 'grpo.max_steps=2', '--set', 'checkpoint.every=1'];
    assert.equal((await glossa(train(dir, ...old))).code, 0);
    const wholeOld = await readFile(join(dir, 'checkpoints/000002/model.safetensors'));
    for (let kill = 0; kill < 3; kill++) {
      const fresh = ['--set', 'seed=8', '--set', 'grpo.max_steps=6', '--set', 'checkpoint.every=3', '--overwrite'];
      const { child, ended } = await startUntilStep(train(dir, ...fresh), kill + 1);
      await Promise.race([wait(Math.random() * 300), ended]);
      child.kill('SIGKILL');
      await ended;
      const resumed = await glossa(['train', '--resume', dir, '--progress', 'none']);
      assert.equal(resumed.code, 0, resumed.stderr);
      const { seed, status } = await record(dir);
      assert.equal(status, 'finished');
      const steps = seed === 8 ? ['000003', '000006'] : ['000001', '000002'];
      assert.deepEqual((await readdir(join(dir, 'checkpoints'))).sort(), steps);
      if (seed === 8) break;
      assert.ok((await readFile(join(dir, 'checkpoints/000002/model.safetensors'))).equals(wholeOld));
    }
    assert.ok(!(await readdir(dir)).some((name) => ['.next', '.arriving', 'run.lock'].includes(name)));
  });

  it('by Ctrl-C twice ends at once and leaves the last checkpoint', async () => {
    const dir = join(root, 'twice');
    const started = await startUntilStep(
      train(dir, '--set', 'checkpoint.every=1', '--set', 'grpo.max_steps=1000', '--set', 'grpo.prompts_per_step=64'),
      2,
    );
    // One after the other: two signals at once may arrive in either order.
    const first = untilSaid(started, 'finishing the step');
    started.child.kill('SIGINT');
    await first;
    started.child.kill('SIGTERM');
    const { code, stderr } = await started.ended;
    assert.equal(code, 130, stderr);
    assert.equal((await record(dir)).status, 'interrupted');
  });

  it('is not trained twice at a time, nor overwritten unasked', async () => {
    const dir = join(root, 'locked');
    const { child, ended } = await startUntilStep(train(dir, '--set', 'grpo.max_steps=1000'), 1);
    const second = await glossa(['train', '--resume', dir]);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /error RUN_LOCKED/);
    child.kill('SIGKILL');
    await ended;
    const third = await glossa(train(dir));
    assert.match(third.stderr, /error RUN_EXISTS/);
  });

  it('that stood still and was taken over meanwhile ends without a word in the folder that is another’s', async () => {
    const dir = join(root, 'taken');
    const { child, ended } = await startUntilStep(
      train(dir, '--set', 'grpo.max_steps=1000', '--set', 'checkpoint.every=2'),
      3,
    );
    child.kill('SIGSTOP');
    const { lock } = runFolder(dir);
    await rm(lock);
    await writeFile(lock, JSON.stringify({ ...thisProcess(), mark: 'another' }));
    const steps = (await lastingMetrics(dir)).length;
    child.kill('SIGCONT');
    const { code, stderr } = await ended;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error RUN_TAKEN_OVER: .*\n.*--resume/);
    // A step that had asked just before it was stopped still writes its line.
    assert.ok((await lastingMetrics(dir)).length <= steps + 1);
    assert.equal((await record(dir)).status, 'running');
    assert.match(await readFile(lock, 'utf8'), /"mark":"another"/);
  });

  it('is not overwritten while another process trains it', async () => {
    const dir = join(root, 'locked-overwrite');
    const { child, ended } = await startUntilStep(
      train(dir, '--set', 'grpo.max_steps=1000', '--set', 'checkpoint.every=1'),
      2,
    );
    const second = await glossa(train(dir, '--overwrite'));
    assert.match(second.stderr, /error RUN_LOCKED/);
    child.kill('SIGINT');
    assert.equal((await ended).code, 130);
    assert.ok((await lastingMetrics(dir)).length >= 2);
  });
});

describe('a run that cannot go on', () => {
  it('stops at a number that is not finite, names the tensor, and keeps the last good state', async () => {
    const dir = join(root, 'nonfinite');
    const reward = fileURLToPath(new URL('fixtures/exploding_reward.mjs', import.meta.url));
    const explode = [
      `rewards=[{name: exploding, module: ${reward}}]`,
      ...['threads=1', 'grpo.scale_rewards=none', 'grpo.max_steps=6', 'checkpoint.every=0'],
      ...['grpo.prompts_per_step=1', 'grpo.num_generations=2', 'grpo.max_completion_length=1'],
    ];
    const { code, stderr } = await glossa(train(dir, ...explode.flatMap((set) => ['--set', set])));
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error NONFINITE: step 4: .*\w/);
    assert.match(stderr, /the state after step 3 is saved; .*--resume .* --set optimizer\.learning_rate=/);
    const { status, error } = await record(dir);
    assert.equal(status, 'failed');
    assert.equal(error?.code, 'NONFINITE');
    assert.deepEqual(
      (await lastingMetrics(dir)).map((line) => line.step),
      [1, 2, 3],
    );
    // The reward counts from the start again: the state that was kept is good for two more steps.
    const resumed = await glossa([
      'train',
      '--resume',
      dir,
      '--set',
      'optimizer.learning_rate=1e-4',
      '--set',
      'grpo.max_steps=5',
      '--progress',
      'none',
    ]);
    assert.equal(resumed.code, 0, resumed.stderr);
    assert.equal((await lastingMetrics(dir)).length, 5);
  });

  it('keeps its last good checkpoint where the disk is full', async (t) => {
    const dir = join(root, 'small-disk');
    await mkdir(dir);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', dir], { stdio: 'ignore' });
    } catch {
      t.skip('needs the right to mount a small file system');
      return;
    }
    try {
      const run = join(dir, 'run');
      const { code, stderr } = await glossa(
        train(run, '--set', 'grpo.max_steps=200', '--set', 'checkpoint.every=1', '--set', 'checkpoint.keep=100'),
      );
      assert.equal(code, 1, stderr);
      assert.match(stderr, /error IO_ERROR: .*(checkpoint|rollouts|metrics)/);
      const checkpoints = await filesBelow(join(run, 'checkpoints'));
      assert.ok(
        [...checkpoints.keys()].some((name) => name.endsWith('state.json')),
        'no checkpoint is left',
      );
      execFileSync('mount', ['-o', 'remount,size=200m', dir]);
      const last = Math.max(...[...checkpoints.keys()].map((name) => Number(name.slice(0, 6))));
      const resumed = await glossa([
        'train',
        '--resume',
        run,
        '--set',
        `grpo.max_steps=${String(last + 1)}`,
        '--set',
        'checkpoint.keep=1',
        '--progress',
        'none',
      ]);
      assert.equal(resumed.code, 0, resumed.stderr);
    } finally {
      execFileSync('umount', [dir]);
    }
  });

  it('says so where its folder cannot be written to', async (t) => {
    const dir = join(root, 'read-only');
    await mkdir(dir);
    let locked = false;
    if (process.getuid?.() === 0) {
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', dir], { stdio: 'ignore' });
        locked = true;
      } catch {
        t.skip('root may write anywhere, and mounting is not allowed here');
        return;
      }
    } else chmodSync(dir, 0o555);
    try {
      const { code, stderr } = await glossa(train(join(dir, 'run')));
      assert.equal(code, 1);
      assert.match(stderr, /error IO_ERROR: cannot make .*read-only/);
    } finally {
      if (locked) execFileSync('umount', [dir]);
    }
  });
});
