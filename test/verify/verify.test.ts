import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { readRecord, runFolder, writeRecord } from '../../src/run/index.js';
import { filesBelow, glossa } from '../e2e/glossa.js';
import { tinyBase } from '../sweep/sweep_file.js';

let root: string;
let run: string;
const at = (...parts: string[]) => join(root, ...parts);

interface Told {
  same: boolean;
  from: number;
  to: number;
  lines: number;
  files: number;
  weights: boolean;
  apart: { step: number; what: string }[];
}

async function verify(dir: string, ...args: string[]): Promise<Told & { code: number | null }> {
  const { code, stdout, stderr } = await glossa(['verify', dir, '--json', '--progress', 'none', ...args], {
    TMPDIR: at('temporary'),
  });
  assert.notEqual(stdout, '', stderr);
  return { code, ...(JSON.parse(stdout) as Told) };
}

/** A copy of the run with one of its files made otherwise. */
async function changed(name: string, file: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  const dir = at(name);
  await cp(run, dir, { recursive: true });
  await writeFile(join(dir, file), change(await readFile(join(dir, file))));
  return dir;
}

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-verified-'));
  run = at('run');
  await mkdir(at('temporary'));
  const { data, ...base } = tinyBase(at('lab'));
  const suite = { name: 'held-out', lab: { split: 'test', language: 'ko' }, limit: 4 };
  await writeFile(
    at('tiny.yaml'),
    stringify({
      ...base,
      data: { ...data, eval: [suite] },
      grpo: { ...base.grpo, max_steps: 6, beta: 0.1, num_iterations: 2 },
      eval: { every: 2 },
      checkpoint: { every: 2, keep: 2 },
      run: { dir: run },
    }),
  );
  const { code, stderr } = await glossa(['train', at('tiny.yaml'), '--progress', 'none']);
  assert.equal(code, 0, stderr);
});
after(() => rm(root, { recursive: true, force: true }));

describe('a run played again', () => {
  it('is the same to the bit, from its last checkpoint but one and from its beginning, and stays as it was', async () => {
    const files = await filesBelow(run);
    const last = await verify(run);
    assert.deepEqual(last, { ...last, code: 0, same: true, from: 4, to: 6, lines: 2, weights: true, apart: [] });
    assert.equal(last.files, 3, 'a generation, an evaluation and its rows');
    const whole = await verify(run, '--step', '3');
    // Played to the end of the generation that step 3 begins; with the evaluation at the start.
    assert.deepEqual([whole.code, whole.same, whole.from, whole.to, whole.lines], [0, true, 0, 4, 5]);
    assert.deepEqual(await filesBelow(run), files);
    assert.ok(!(await readdir(at('temporary'))).some((name) => name.startsWith('glossa-')));
  });

  it('ends where a condition ended it, also where that was the clock', async () => {
    const dir = at('ended');
    const settings = ['--set', `run.dir=${dir}`, '--set', 'stop.tokens=1', '--set', 'eval.every=0'];
    const { code, stderr } = await glossa(['train', at('tiny.yaml'), ...settings, '--progress', 'none']);
    assert.equal(code, 0, stderr);
    const record = await readRecord(dir);
    const config = record.config as { stop: object };
    const { tokens: _tokens, ...stop } = config.stop as { tokens: number };
    const slow = { ...record, config: { ...config, stop: { ...stop, hours: 1 } }, seconds: 3601 };
    await writeRecord(runFolder(dir), { ...slow, stopped: 'the run has taken 1.00 hours' });
    const { same, from, to, files, apart } = await verify(dir);
    assert.deepEqual({ same, from, to, files, apart }, { same: true, from: 0, to: 2, files: 5, apart: [] });
  });

  it('passes over the evaluation of an end that was none in the end', async () => {
    const dir = at('longer');
    const sets = [`run.dir=${dir}`, 'stop.tokens=1', 'eval.every=0', 'optimizer.lr_scheduler_type=constant'];
    const train = async (...args: string[]) => {
      const { code, stderr } = await glossa(['train', ...args, '--progress', 'none']);
      assert.equal(code, 0, stderr);
    };
    await train(at('tiny.yaml'), ...sets.flatMap((set) => ['--set', set]));
    await train('--resume', dir, '--set', 'stop.tokens=1000000');
    const { same, to, apart } = await verify(dir, '--step', '2');
    assert.deepEqual({ same, to, apart }, { same: true, to: 2, apart: [] });
    // Elsewhere an evaluation that is not played is a difference.
    const metrics = join(dir, 'metrics.jsonl');
    const text = await readFile(metrics, 'utf8');
    await writeFile(metrics, text.replace('"step":1,', '"step":1,"eval_held-out/accuracy":1,'));
    const added = await verify(dir, '--step', '2');
    assert.deepEqual(added.apart, [{ step: 1, what: 'eval_held-out/accuracy was 1 and is not there' }]);
  });

  it('says where it is otherwise: a metric, a completion', async () => {
    const metrics = await changed('metrics', 'metrics.jsonl', (bytes) =>
      Buffer.from(bytes.toString().replace(/("step":5,.*"loss":)[^,]+/, '$17')),
    );
    const inMetrics = await verify(metrics);
    assert.deepEqual([inMetrics.code, inMetrics.same], [1, false]);
    assert.match(inMetrics.apart[0]!.what, /^loss was 7 and is /);
    assert.equal(inMetrics.apart[0]!.step, 5);

    const rollout = at('rollout');
    await cp(run, rollout, { recursive: true });
    await cp(join(run, 'rollouts/000003.parquet'), join(rollout, 'rollouts/000005.parquet'));
    const inRollout = await verify(rollout);
    assert.equal(inRollout.apart[0]!.step, 5);
    assert.match(inRollout.apart[0]!.what, /rollouts\/000005\.parquet: row 0, /);

    const text = (await glossa(['verify', rollout, '--progress', 'none'])).stdout;
    assert.match(text, /from its checkpoint of step 4 to step 6: not the same .*\n {2}step 5: .*row 0/);
  });

  it('says where it is otherwise: one byte of a completion file, a weight, the state, a metric before', async () => {
    const flipped = (at: number) => (bytes: Buffer) => {
      const other = Buffer.from(bytes);
      other[at < 0 ? other.length + at : at]! ^= 1;
      return other;
    };
    const inRollout = await verify(await changed('byte', 'rollouts/000005.parquet', flipped(200)));
    assert.deepEqual([inRollout.code, inRollout.apart[0]!.step], [1, 5]);
    assert.match(inRollout.apart[0]!.what, /rollouts\/000005\.parquet: /);

    // The checkpoint has not its checksum any more: it is compared with all the same, number by number.
    const weight = await verify(await changed('weight', 'checkpoints/000006/model.safetensors', flipped(-3)));
    assert.deepEqual([weight.code, weight.from, weight.to, weight.apart.length], [1, 4, 6, 1]);
    assert.match(weight.apart[0]!.what, /^checkpoint: model\.safetensors: \S+, number \d+ of \d+/);
    const state = await verify(await changed('state', 'checkpoints/000006/state.json', flipped(30)));
    assert.deepEqual([state.code, state.apart.length], [1, 1]);
    assert.match(state.apart[0]!.what, /state\.json/);

    // One that it would be played from is passed over, and the steps before it are played too.
    const before = await verify(await changed('before', 'checkpoints/000004/model.safetensors', flipped(-3)));
    assert.deepEqual([before.code, before.from, before.to], [0, 0, 6]);

    const earlier = await changed('earlier', 'metrics.jsonl', (bytes) =>
      Buffer.from(bytes.toString().replace(/("step":2,.*"loss":)[^,]+/, '$17')),
    );
    const inMetrics = await verify(earlier, '--step', '2');
    assert.deepEqual([inMetrics.code, inMetrics.apart[0]!.step], [1, 2]);
    assert.match(inMetrics.apart[0]!.what, /^loss was 7 and is /);
    // What came before the checkpoint that is played from has its checksum in it.
    const later = await verify(earlier);
    assert.deepEqual([later.code, later.from, later.apart.length], [1, 4, 1]);
    assert.match(later.apart[0]!.what, /before its checkpoint: metrics\.jsonl was changed in its lines up to step 4/);
  });

  it('is refused where there is nothing to play', async () => {
    const refused = async (...args: string[]) => (await glossa(['verify', ...args, '--progress', 'none'])).stderr;
    assert.match(await refused(run, '--step', '7'), /error USAGE: .* no step 7 .*\n.*steps 1 to 6/);
    assert.match(await refused(at('nothing')), /error RUN_NOT_FOUND/);
  });
});

describe('the bytes of checkpoints', () => {
  it('that are otherwise are named by tensor and place', async () => {
    const { firstTensorApart } = await import('../../src/verify/weights.js');
    const [then, now] = [join(run, 'checkpoints/000006'), at('weights')];
    await cp(then, now, { recursive: true });
    assert.equal(await firstTensorApart(then, now), undefined);
    const bytes = await readFile(join(now, 'model.safetensors'));
    const header = Number(bytes.readBigUInt64LE());
    const entries = JSON.parse(bytes.subarray(8, 8 + header).toString()) as Record<
      string,
      { shape: number[]; data_offsets: [number, number] }
    >;
    const name = 'model.norm.weight';
    bytes[8 + header + entries[name]!.data_offsets[0] + 4 * 3 + 1]! ^= 1;
    await writeFile(join(now, 'model.safetensors'), bytes);
    const size = String(entries[name]!.shape[0]);
    assert.equal(await firstTensorApart(then, now), `model.safetensors: ${name}, number 3 of ${size}`);
  });
});
