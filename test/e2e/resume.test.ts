import assert from 'node:assert/strict';
import { on } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { filesBelow, glossa, lastingMetrics, start } from './glossa.js';

const KILLS = 10;
const STEPS = 12;

let root: string;
let whole: string;
/** Milliseconds from the start of a run to its first step. */
let startUp: number;

const settings = (dir: string) => [
  ...[
    '--set',
    `run.dir=${dir}`,
    '--set',
    `model.cache=${join(root, 'lab')}`,
    '--set',
    `grpo.max_steps=${String(STEPS)}`,
  ],
  ...['--set', 'checkpoint.every=2', '--set', 'eval.every=6', '--set', 'grpo.prompts_per_step=8', '--progress', 'none'],
  // A small base model, for it is pre-trained by this test.
  ...['--set', 'model.lab.pretrain.steps=60'],
];
const train = (dir: string, ...more: string[]) => ['train', 'studies/lab/smoke.yaml', ...settings(dir), ...more];

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-resume-'));
  // Fills the cache of lab models, so that kills fall into training.
  const warm = await glossa(train(join(root, 'warm'), '--set', 'grpo.max_steps=1'));
  assert.equal(warm.code, 0, warm.stderr);
  whole = join(root, 'whole');
  const began = performance.now();
  const { child, ended } = start([...train(whole), '--progress', 'plain']);
  await Promise.race([appears(child.stderr!, 'step 1/'), ended]);
  startUp = performance.now() - began;
  const unbroken = await ended;
  assert.equal(unbroken.code, 0, unbroken.stderr);
});
after(() => rm(root, { recursive: true, force: true }));

async function assertSameAsUnbroken(run: string, name: string): Promise<void> {
  assert.deepEqual(await lastingMetrics(run), await lastingMetrics(whole), `${name}: metrics`);
  const final = String(STEPS).padStart(6, '0');
  for (const folder of [`checkpoints/${final}`, 'rollouts', 'eval']) {
    const expected = await filesBelow(join(whole, folder));
    const got = await filesBelow(join(run, folder));
    assert.deepEqual([...got.keys()].sort(), [...expected.keys()].sort(), `${name}: ${folder}`);
    for (const [file, bytes] of expected) assert.ok(got.get(file)!.equals(bytes), `${name}: ${folder}/${file} differs`);
  }
}

describe('resume', () => {
  it('the same config gives the same bytes twice', async () => {
    const again = join(root, 'again');
    assert.equal((await glossa(train(again))).code, 0);
    await assertSameAsUnbroken(again, 'again');
  });

  for (let kill = 0; kill < KILLS; kill++) {
    it(`after kill -9 at a random instant (${String(kill + 1)} of ${String(KILLS)}) gives the bytes of the unbroken run`, async (t) => {
      const run = join(root, `kill-${String(kill)}`);
      // The first two fall anywhere into the start; the others into or between steps, saving and evaluation.
      const { child, ended } = start([...train(run), '--progress', 'plain']);
      const seen = kill < 2 ? '' : `step ${String(1 + Math.floor(Math.random() * (STEPS - 1)))}/`;
      await Promise.race([appears(child.stderr!, seen), ended]);
      const delay = Math.random() * (kill < 2 ? startUp : 120);
      await Promise.race([wait(delay), ended]);
      child.kill('SIGKILL');
      const { stderr } = await ended;
      const last = [...stderr.matchAll(/step (\d+)\//g)].at(-1)?.[1] ?? 'none';
      t.diagnostic(`killed ${delay.toFixed(0)} ms after ${seen || 'the start'}; the last step told was ${last}`);
      const resumed = await glossa([
        'train',
        'studies/lab/smoke.yaml',
        '--resume',
        run,
        ...(existsSync(join(run, 'run.json')) ? ['--progress', 'none'] : settings(run)),
      ]);
      assert.equal(resumed.code, 0, resumed.stderr);
      await assertSameAsUnbroken(run, `kill after ${seen} and ${delay.toFixed(0)} ms`);
    });
  }
});

/** Until the stream has said `text`; at once for an empty one. */
async function appears(stream: Readable, text: string): Promise<void> {
  if (text === '') return;
  let all = '';
  for await (const chunk of on(stream, 'data')) {
    all += String(chunk[0]);
    if (all.includes(text)) return;
  }
}
