import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isJobOver, type SlurmJob } from '../../src/base/slurm_job.js';
import type { RunRecord } from '../../src/run/index.js';
import { glossa, lastingMetrics } from '../e2e/glossa.js';
import { noCluster, SlurmCluster } from './slurm_cluster.js';

const STEPS = 60;
const SEEDS = [1, 2, 3, 4];
const skip = noCluster() ?? false;

let root: string;
let cluster: SlurmCluster;
const at = (...parts: string[]) => join(root, ...parts);
const run = (seed: number) => at('shared disk', 'sweep', 'runs', `seed=${String(seed)}`);

/** Milliseconds that a step takes beside its work, from now on, also of runs that are under way. */
const pace = (milliseconds: number) => writeFile(at('pace'), String(milliseconds));

async function record(seed: number): Promise<Partial<RunRecord>> {
  return JSON.parse(await readFile(join(run(seed), 'run.json'), 'utf8').catch(() => '{}')) as Partial<RunRecord>;
}
const saved = async (seed: number) => (await record(seed)).saved ?? 0;
const statuses = () => Promise.all(SEEDS.map(async (seed) => (await record(seed)).status));

/** State of each task in Slurm, by number: `RUNNING`. Those that ended are not there. */
async function tasks(): Promise<Map<string, string>> {
  const text = await cluster.ask('squeue', ['-h', '-r', '-o', '%i %T']);
  return new Map(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ') as [string, string]),
  );
}
const inState = async (state: string) => [...(await tasks())].filter(([, now]) => now === state).map(([task]) => task);

/** Slurm lets a task that was queued again wait for two minutes. */
async function startQueued(): Promise<void> {
  for (const task of await inState('PENDING'))
    await cluster.ask('scontrol', ['update', `JobId=${task}`, 'StartTime=now', 'TimeLimit=30']);
}

const sweep = (...args: string[]) =>
  glossa(['sweep', at('sweep.yaml'), '--out', at('shared disk', 'sweep'), ...args], {
    ...cluster.environment,
    PACE: at('pace'),
  });

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-slurm-'));
  // A reward of the text alone, and a brake that changes nothing.
  await writeFile(
    at('paced.mjs'),
    `import { readFileSync } from 'node:fs';
const { PACE } = process.env;
const clock = new Int32Array(new SharedArrayBuffer(4));
export default ({ completion }) => {
  Atomics.wait(clock, 0, 0, PACE ? Number(readFileSync(PACE, 'utf8')) / 4 : 0);
  return (completion.length % 7) / 7;
};
`,
  );
  await writeFile(
    at('base.yaml'),
    `model: { lab: { pretrain: { steps: 20 } }, cache: ${at('lab')} }
data: { train: [{ lab: { language: ko, split: train } }] }
rewards: [{ name: paced, module: paced.mjs }]
grpo: { max_steps: ${String(STEPS)}, prompts_per_step: 2, num_generations: 2, max_completion_length: 16 }
checkpoint: { every: 5 }
threads: 1
`,
  );
  await mkdir(at('shared disk'));
  await mkdir(at('slurm'));
  if (skip === false) {
    cluster = await SlurmCluster.start(at('slurm'));
    Object.assign(process.env, { PATH: cluster.environment['PATH'], SLURM_CONF: cluster.environment['SLURM_CONF'] });
  }
  await writeFile(
    at('sweep.yaml'),
    `base: base.yaml
seeds: [${SEEDS.join(', ')}]
slurm: { partition: test, time: 30, signal_before: 60s }
`,
  );
});
after(async () => {
  await (cluster as SlurmCluster | undefined)?.stop();
  await rm(root, { recursive: true, force: true });
});

describe('a sweep under Slurm', { skip }, () => {
  it('ends with the bytes of runs that nothing befell, whatever befalls its tasks', { timeout: 900_000 }, async () => {
    const whole = (seed: number) => at(`whole-${String(seed)}`);
    const untouched = async (seed: number) => {
      const { code, stderr } = await glossa([
        ...['train', at('base.yaml'), '--set', `seed=${String(seed)}`, '--set', `run.dir=${whole(seed)}`],
        ...['--progress', 'none'],
      ]);
      assert.equal(code, 0, stderr);
    };
    await pace(1500);
    const first = await sweep('--slurm', '--json');
    assert.equal(first.code, 0, first.stderr);
    const { submitted } = JSON.parse(first.stdout) as { submitted: { job: string; runs: string[] }[] };
    // Arrays of this cluster have three tasks at the most.
    const [job, other] = submitted.map((one) => one.job) as [string, string];
    assert.deepEqual(submitted, [
      { job, runs: ['seed=1', 'seed=2', 'seed=3'] },
      { job: other, runs: ['seed=4'] },
    ]);
    const again = await sweep('--slurm', '--json');
    assert.deepEqual(
      JSON.parse(again.stdout),
      { submitted: [], queued: 4, finished: 0, runs: 4, dir: at('shared disk', 'sweep') },
      again.stderr,
    );

    await cluster.until('every run has a checkpoint', async () =>
      (await Promise.all(SEEDS.map(saved))).every((step) => step >= 5),
    );
    // Its daemon alone is killed and started again: that is nothing to the tasks.
    await cluster.killDaemon();
    await cluster.startNode();
    assert.equal((await inState('RUNNING')).length, 4);
    // The node dies: Slurm notices, and queues its tasks again.
    await cluster.killNode();
    assert.deepEqual(
      await statuses(),
      SEEDS.map(() => 'running'),
    );
    for (const seed of SEEDS) await untouched(seed);
    await cluster.until('Slurm notices', async () => (await inState('PENDING')).length === 4);
    await cluster.startNode();
    await startQueued();
    await cluster.until('they run again', async () => (await inState('RUNNING')).length === 4);
    const resumed = async (seed: number) => (await record(seed)).resumed?.length === 1;
    await cluster.until('they go on', async () => (await Promise.all(SEEDS.map(resumed))).every(Boolean));

    // A second task for a run that is being trained.
    const second = await glossa(['sweep', at('shared disk', 'sweep'), '--task', '3'], cluster.environment);
    assert.equal(second.code, 1);
    assert.match(second.stderr, /error RUN_LOCKED/);
    // One is killed, and one is cancelled by its user.
    const lock = JSON.parse(await readFile(join(run(1), 'run.lock'), 'utf8')) as { pid: number; job: SlurmJob };
    assert.match(lock.job.id, /^\d+$/);
    const over = (id: string) => isJobOver({ ...lock.job, id }, { ...lock.job, id: '999999' });
    assert.equal(await over(lock.job.id), false);
    assert.equal(await over('888888'), true, 'Slurm knows no such job');
    assert.equal(await isJobOver(lock.job, { ...lock.job, id: '999999', cluster: 'another' }), false);
    process.kill(lock.pid, 'SIGKILL');
    await cluster.ask('scancel', [`${job}_1`]);
    // The others come near their time limit: the signal before it lets them save and queues them again.
    for (const task of [`${job}_2`, `${other}_0`])
      await cluster.ask('scontrol', ['update', `JobId=${task}`, 'TimeLimit=2']);
    await cluster.until('two are queued again', async () => (await inState('PENDING')).length === 2);
    assert.deepEqual(await statuses(), ['running', 'interrupted', 'interrupted', 'interrupted']);
    assert.deepEqual((await inState('PENDING')).sort(), [`${job}_2`, `${other}_0`].sort());

    assert.equal(await over(lock.job.id), true, 'it has failed');

    await pace(0);
    const rest = await sweep('--slurm', '--json');
    const next = JSON.parse(rest.stdout) as { submitted: { job: string; runs: string[] }[]; queued: number };
    assert.equal(next.queued, 2);
    assert.deepEqual(
      next.submitted.map(({ runs }) => runs),
      [['seed=1', 'seed=2']],
    );
    await startQueued();
    await cluster.until('everything is finished', async () =>
      (await statuses()).every((status) => status === 'finished'),
    );
    await cluster.until('Slurm has nothing left', async () => (await tasks()).size === 0);
    for (const seed of SEEDS) {
      const weights = (dir: string) =>
        readFile(join(dir, 'checkpoints', `${String(STEPS).padStart(6, '0')}/model.safetensors`));
      assert.ok((await weights(run(seed))).equals(await weights(whole(seed))), `seed ${String(seed)}`);
      assert.deepEqual(await lastingMetrics(run(seed)), await lastingMetrics(whole(seed)));
    }
    const last = await sweep('--slurm', '--json');
    assert.deepEqual(JSON.parse(last.stdout), {
      submitted: [],
      queued: 0,
      finished: 4,
      runs: 4,
      dir: at('shared disk', 'sweep'),
    });
  });

  it('is told why Slurm does not take it, and what to change', async () => {
    const refused = async (section: string) => {
      await writeFile(at('refused.yaml'), `base: base.yaml\nslurm: ${section}\n`);
      const { code, stderr } = await glossa(
        ['sweep', at('refused.yaml'), '--out', at('refused'), '--slurm'],
        cluster.environment,
      );
      assert.equal(code, 1, stderr);
      return stderr;
    };
    assert.match(
      await refused('{ partition: nowhere }'),
      /error SLURM_REFUSED: .*partition.*nowhere[\s\S]*slurm\.partition/,
    );
    assert.match(await refused('{ gres: "gpu:8" }'), /error SLURM_REFUSED: .*gres[\s\S]*slurm\.gres/i);
    assert.match(await refused('{ memory: 900G }'), /error SLURM_REFUSED: .*[Mm]emory[\s\S]*slurm\.memory/);
    assert.match(await refused('{ cpus_per_task: 99 }'), /error SLURM_REFUSED: [\s\S]*slurm\.cpus_per_task/);
    assert.match(await refused('{ time: soon }'), /error SLURM_REFUSED: .*time[\s\S]*slurm\.time/);
    assert.match(
      await refused('{ extra: [--no-such-thing] }'),
      /error SLURM_REFUSED: .*no-such-thing[\s\S]*slurm\.extra/,
    );
  });
});
