import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import {
  createRun,
  isTiming,
  latestCheckpoint,
  readMetrics,
  readRecord,
  readRun,
  resumeRun,
  runFolder,
  truncateMetrics,
  verifyCheckpoint,
  writeCheckpoint,
  type RunRecord,
} from '../../src/run/index.js';

let root: string;
let count = 0;
const fresh = async () => {
  const dir = join(root, String(count++));
  await mkdir(dir, { recursive: true });
  return dir;
};
const code = (expected: string) => (error: unknown) => error instanceof GlossaError && error.code === expected;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-run-'));
});
after(() => rm(root, { recursive: true, force: true }));

const record: RunRecord = {
  format: 1,
  name: 'x',
  config: { seed: 1 },
  status: 'running',
  seed: 1,
  started: '2026-01-01T00:00:00.000Z',
  resumed: [],
  machine: {
    glossa: '0',
    node: '',
    platform: '',
    cpu: '',
    cores: 1,
    memoryGb: 1,
    native: { path: '', version: '', isas: [] },
  },
};

async function tokenizerDir(): Promise<string> {
  const dir = await fresh();
  await writeFile(join(dir, 'tokenizer.json'), '{}');
  await writeFile(join(dir, 'notes.txt'), 'not of the tokenizer');
  return dir;
}

const progress = (step: number) => ({ step, numTokens: step * 10, promptsDrawn: step * 2, zeroRewardSteps: 0 });

async function checkpointsAt(dir: string, steps: readonly number[], keep = 9) {
  const run = runFolder(dir);
  const from = await tokenizerDir();
  for (const step of steps) {
    const save = (target: string) => writeFile(join(target, 'model.safetensors'), `weights ${String(step)}`);
    await writeCheckpoint(run, progress(step), { save, tokenizerDir: from }, keep);
  }
  return run;
}

describe('checkpoints', () => {
  it('unpack a packed tokenizer, and copy one that is read-only', async () => {
    const run = runFolder(await fresh());
    const from = await fresh();
    const save = (target: string) => writeFile(join(target, 'model.safetensors'), 'weights');
    await writeFile(join(from, 'tokenizer.json.gz'), gzipSync('{"model":{}}'));
    await writeFile(join(from, 'merges.txt'), 'a b', { mode: 0o444 });
    const dir = await writeCheckpoint(run, progress(1), { save, tokenizerDir: from }, 1);
    assert.equal(await readFile(join(dir, 'tokenizer.json'), 'utf8'), '{"model":{}}');
    assert.equal(await readFile(join(dir, 'merges.txt'), 'utf8'), 'a b');
    assert.equal((await stat(join(dir, 'merges.txt'))).mode & 0o200, 0o200);
    assert.ok(!(await readdir(dir)).includes('tokenizer.json.gz'));
  });

  it('hold the weights, the tokenizer, the state and a checksum of every file', async () => {
    const run = await checkpointsAt(await fresh(), [3]);
    assert.deepEqual((await readdir(run.checkpoint(3))).sort(), ['model.safetensors', 'state.json', 'tokenizer.json']);
    const state = await verifyCheckpoint(run.checkpoint(3));
    assert.deepEqual(Object.keys(state.files), ['model.safetensors', 'tokenizer.json']);
    assert.equal(state.numTokens, 30);
  });

  it('keeps the last k', async () => {
    const run = await checkpointsAt(await fresh(), [1, 2, 3, 4], 2);
    assert.deepEqual((await readdir(run.checkpoints)).sort(), ['000003', '000004']);
  });

  it('passes over a damaged one with a warning: a flipped bit, a cut file, a missing one, a broken state', async () => {
    const damage: ((dir: string) => Promise<void>)[] = [
      (dir) => writeFile(join(dir, 'model.safetensors'), 'weights 3'.replace('w', 'v')),
      (dir) => truncate(join(dir, 'model.safetensors'), 4),
      (dir) => rm(join(dir, 'tokenizer.json')),
      (dir) => writeFile(join(dir, 'state.json'), '{"format": 1, "st'),
    ];
    for (const harm of damage) {
      const run = await checkpointsAt(await fresh(), [2, 3]);
      await harm(run.checkpoint(3));
      const warnings: string[] = [];
      const found = await latestCheckpoint(run, (message) => warnings.push(message));
      assert.equal(found?.state.step, 2);
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /000003.*taking the one before/s);
    }
  });

  it('says so where none is whole, and finds none where there is none', async () => {
    const run = await checkpointsAt(await fresh(), [2]);
    await writeFile(join(run.checkpoint(2), 'model.safetensors'), '');
    await assert.rejects(
      latestCheckpoint(run, () => undefined),
      code('CHECKPOINT_CORRUPT'),
    );
    assert.equal(await latestCheckpoint(runFolder(await fresh()), () => undefined), undefined);
  });

  it('leaves the older ones alone where writing fails, and nothing half-written behind', async () => {
    const run = await checkpointsAt(await fresh(), [2], 1);
    const save = async (target: string) => {
      await writeFile(join(target, 'model.safetensors'), 'half');
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    await assert.rejects(
      writeCheckpoint(run, progress(3), { save, tokenizerDir: await tokenizerDir() }, 1),
      code('IO_ERROR'),
    );
    assert.deepEqual(await readdir(run.checkpoints), ['000002']);
    assert.equal((await latestCheckpoint(run, () => undefined))?.state.step, 2);
  });

  it('a folder left by a killed writer is no checkpoint and is cleared away', async () => {
    const run = await checkpointsAt(await fresh(), [2]);
    await mkdir(join(run.checkpoints, '.000003-1.tmp'));
    assert.equal((await latestCheckpoint(run, () => undefined))?.state.step, 2);
    await writeCheckpoint(run, progress(4), { save: () => Promise.resolve(), tokenizerDir: await tokenizerDir() }, 5);
    assert.deepEqual((await readdir(run.checkpoints)).sort(), ['000002', '000004']);
  });
});

describe('metrics.jsonl', () => {
  it('is cut back to the checkpoint, whatever a crash left behind it', async () => {
    for (const tail of ['', '{"step":4,"lo', '{"step":4}\n\u0000\u0000\n{"step":', '{"step":4}\n{"step":5}\n']) {
      const path = join(await fresh(), 'metrics.jsonl');
      await writeFile(path, `{"step":0}\n{"step":1}\n{"step":2}\n{"step":3}\n${tail}`);
      await truncateMetrics(path, 3);
      assert.equal(await readFile(path, 'utf8'), '{"step":0}\n{"step":1}\n{"step":2}\n{"step":3}\n');
    }
  });

  it('is refused where a line that the checkpoint has seen is missing or broken', async () => {
    for (const text of [
      '{"step":1}\n',
      '{"step":1}\n{"step":3}\n',
      '{"step":1}\nbroken\n{"step":2}\n',
      '{"step":1}\n{"step":2}',
    ]) {
      const path = join(await fresh(), 'metrics.jsonl');
      await writeFile(path, text);
      await assert.rejects(truncateMetrics(path, 2), code('RUN_CORRUPT'));
    }
  });

  it('is read without a torn last line, and refused with a broken one in the middle', async () => {
    const path = join(await fresh(), 'metrics.jsonl');
    await writeFile(path, '{"step":1}\n{"step":2,"loss":0.12');
    assert.deepEqual(await readMetrics(path), [{ step: 1 }]);
    await writeFile(path, '{"step":1}\n{"ste\n{"step":3}\n');
    await assert.rejects(readMetrics(path), code('RUN_CORRUPT'));
  });

  it('knows which names are timings', () => {
    assert.ok(['step_time', 'time/train', 'tokens/train_per_s', 'percent_of_peak/generate'].every(isTiming));
    assert.ok(!['loss', 'num_tokens', 'completions/mean_length'].some(isTiming));
  });
});

describe('a run', () => {
  it('is made once, locked while it is open, and read back', async () => {
    const dir = await fresh();
    const run = await createRun(dir, record);
    await assert.rejects(createRun(dir, record), code('RUN_LOCKED'));
    await run.metrics.append({ step: 0 });
    await run.writeEvaluation({
      step: 0,
      suite: 's',
      rows: [
        {
          step: 0,
          suite: 's',
          language: 'ko',
          accuracy: 0.5,
          target_wr: 1,
          target_wr_rewarded: null,
          en_wr: 0,
          other_wr: 0,
          mean_length: 3,
          clipped_ratio: 0,
          n: 2,
        },
      ],
    });
    await run.update({ status: 'finished' });
    await run.close();
    assert.equal((await readRecord(dir)).status, 'finished');
    const summary = await readRun(dir);
    assert.deepEqual(summary.metrics, [{ step: 0 }]);
    assert.equal(summary.evaluations[0]!.accuracy, 0.5);
    await assert.rejects(createRun(dir, record), code('RUN_EXISTS'));
  });

  it('is taken up again without what lies past the checkpoint', async () => {
    const dir = await fresh();
    const run = await createRun(dir, record);
    for (const step of [1, 2, 3]) await run.metrics.append({ step });
    await run.close();
    const folder = await checkpointsAt(dir, [2]);
    for (const step of [1, 2, 3]) await writeFile(folder.rollout(step), '');
    await writeFile(folder.evaluation(3, 's'), '{');
    await appendFile(folder.metrics, '{"st');
    const resumed = await resumeRun(dir, () => undefined);
    assert.equal(resumed.checkpoint?.state.step, 2);
    assert.deepEqual((await readdir(folder.rollouts)).sort(), ['000001.parquet', '000002.parquet']);
    assert.deepEqual(await readdir(folder.evaluations), []);
    assert.deepEqual(
      (await readMetrics(folder.metrics)).map((line) => line.step),
      [1, 2],
    );
    await resumed.run.close();
  });

  it('begins again where it was killed before its first checkpoint', async () => {
    const dir = await fresh();
    const run = await createRun(dir, record);
    await run.metrics.append({ step: 0 });
    await run.metrics.append({ step: 1 });
    await run.close();
    const resumed = await resumeRun(dir, () => undefined);
    assert.equal(resumed.checkpoint, undefined);
    assert.deepEqual(await readMetrics(resumed.run.folder.metrics), []);
    await resumed.run.close();
  });

  it('takes over the lock of a process that was killed', async () => {
    const dir = await fresh();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await new Promise((resolve) => child.once('spawn', resolve));
    const lock = runFolder(dir).lock;
    const run = await createRun(dir, record);
    const mine = JSON.parse(await readFile(lock, 'utf8')) as object;
    await writeFile(lock, JSON.stringify({ ...mine, pid: child.pid, born: null }));
    await assert.rejects(
      resumeRun(dir, () => undefined),
      code('RUN_LOCKED'),
    );
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const resumed = await resumeRun(dir, () => undefined);
    await resumed.run.close();
    await run.close();
  });

  it('is not there: says so', async () => {
    await assert.rejects(readRun(join(root, 'nowhere')), code('RUN_NOT_FOUND'));
    await assert.rejects(
      resumeRun(join(root, 'nowhere'), () => undefined),
      code('RUN_NOT_FOUND'),
    );
  });
});
