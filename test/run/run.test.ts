import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { promises } from 'node:fs';
import { isTiming } from '../../src/metrics/index.js';
import {
  appendFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, before, describe, it } from 'node:test';
import { sha256Of } from '../../src/base/checksum.js';
import { GlossaError } from '../../src/base/error.js';
import { arrive } from '../../src/run/arrival.js';
import {
  claimNewRun,
  claimRun,
  latestCheckpoint,
  linesUpTo,
  readMetrics,
  readRecord,
  readRun,
  runFolder,
  verifyCheckpoint,
  writeCheckpoint,
  writeRecord,
  type RunRecord,
} from '../../src/run/index.js';
import { filesBelow } from '../e2e/glossa.js';

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
  format: 2,
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

const begin = async (dir: string, options = {}) => (await claimNewRun(dir, options)).begin(record);
const goOn = async (dir: string, warn: (message: string) => void = () => undefined) => {
  const claim = await claimRun(dir, warn);
  return { ...claim, run: await claim.rewind(claim.record) };
};

async function tokenizerDir(): Promise<string> {
  const dir = await fresh();
  await writeFile(join(dir, 'tokenizer.json'), '{}');
  await writeFile(join(dir, 'notes.txt'), 'not of the tokenizer');
  return dir;
}

/** Stands in for the engine: writes these weights and says their checksum. */
const saving = (weights: string) => async (target: string) => {
  await writeFile(join(target, 'model.safetensors'), weights);
  return { 'model.safetensors': sha256Of(weights) };
};

/** Of a run that nobody takes over. */
const fence = () => Promise.resolve();
const progress = (step: number) => ({ step, numTokens: step * 10, promptsDrawn: step * 2, zeroRewardSteps: 0 });

async function checkpointsAt(dir: string, steps: readonly number[], keep = 9) {
  const run = runFolder(dir);
  const from = await tokenizerDir();
  for (const step of steps) {
    const save = saving(`weights ${String(step)}`);
    await writeCheckpoint(run, progress(step), { save, tokenizerDir: from, fence }, keep);
  }
  return run;
}

describe('checkpoints', () => {
  it('unpack a packed tokenizer, and copy one that is read-only', async () => {
    const run = runFolder(await fresh());
    const from = await fresh();
    const save = saving('weights');
    await writeFile(join(from, 'tokenizer.json.gz'), gzipSync('{"model":{}}'));
    await writeFile(join(from, 'merges.txt'), 'a b', { mode: 0o444 });
    const dir = await writeCheckpoint(run, progress(1), { save, tokenizerDir: from, fence }, 1);
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

  it('take the checksums that writing gave, so that a file that a disk changed afterwards is found', async () => {
    const run = runFolder(await fresh());
    const save = async (target: string) => {
      const written = await saving('weights')(target);
      await writeFile(join(target, 'model.safetensors'), 'WEIGHTS');
      return written;
    };
    await writeCheckpoint(run, progress(1), { save, tokenizerDir: await tokenizerDir(), fence }, 1);
    await assert.rejects(verifyCheckpoint(run.checkpoint(1)), code('CHECKPOINT_CORRUPT'));
  });

  it('keeps the last k', async () => {
    const run = await checkpointsAt(await fresh(), [1, 2, 3, 4], 2);
    assert.deepEqual((await readdir(run.checkpoints)).sort(), ['000003', '000004']);
  });

  it('keeps the last k whole ones: what is damaged does not count', async () => {
    const run = await checkpointsAt(await fresh(), [1, 2, 3, 4], 9);
    for (const step of [3, 4]) await writeFile(join(run.checkpoint(step), 'model.safetensors'), 'damaged');
    await checkpointsAt(run.dir, [5], 1);
    assert.deepEqual((await readdir(run.checkpoints)).sort(), ['000005']);
    const again = await checkpointsAt(await fresh(), [1, 2, 3, 4], 9);
    for (const step of [3, 4]) await writeFile(join(again.checkpoint(step), 'model.safetensors'), 'damaged');
    await checkpointsAt(again.dir, [5], 2);
    assert.deepEqual((await readdir(again.checkpoints)).sort(), ['000002', '000003', '000004', '000005']);
    assert.equal((await latestCheckpoint(again, () => undefined))?.state.step, 5);
  });

  it('never loses the last whole one to a damaged newer one', async () => {
    const run = await checkpointsAt(await fresh(), [1, 2], 2);
    await truncate(join(run.checkpoint(2), 'state.json'), 10);
    // A resumed run makes step 2 again; until it is whole, step 1 is there.
    const save = async (target: string) => {
      assert.equal((await latestCheckpoint(run, () => undefined))?.state.step, 1);
      return saving('weights 2')(target);
    };
    await writeCheckpoint(run, progress(2), { save, tokenizerDir: await tokenizerDir(), fence }, 1);
    assert.deepEqual(await readdir(run.checkpoints), ['000002']);
  });

  it('notices damage of one that was whole when it was looked at before', async () => {
    const run = await checkpointsAt(await fresh(), [1, 2, 3], 2);
    await writeFile(join(run.checkpoint(3), 'model.safetensors'), 'WEIGHTS 3');
    await checkpointsAt(run.dir, [4], 2);
    assert.deepEqual((await readdir(run.checkpoints)).sort(), ['000002', '000003', '000004']);
  });

  it('leave what somebody else put into one that is pruned', async () => {
    const run = await checkpointsAt(await fresh(), [1], 1);
    await writeFile(join(run.checkpoint(1), 'model.gguf'), 'mine');
    await checkpointsAt(run.dir, [2, 3], 1);
    assert.deepEqual((await readdir(run.checkpoints)).sort(), ['000001', '000003']);
    assert.deepEqual(await readdir(run.checkpoint(1)), ['model.gguf']);
    assert.equal((await latestCheckpoint(run, assert.fail))?.state.step, 3);
  });

  it('passes over a damaged one with a warning: a flipped bit, a cut file, a missing one, a broken state', async () => {
    const damage: ((dir: string) => Promise<void>)[] = [
      (dir) => writeFile(join(dir, 'model.safetensors'), 'weights 3'.replace('w', 'v')),
      (dir) => truncate(join(dir, 'model.safetensors'), 4),
      (dir) => rm(join(dir, 'tokenizer.json')),
      (dir) => writeFile(join(dir, 'state.json'), '{"format": 1, "st'),
      (dir) => writeFile(join(dir, 'state.json'), 'null'),
      (dir) => writeFile(join(dir, 'state.json'), '{"format":1,"step":3,"files":{}}'),
      (dir) => rm(join(dir, 'state.json')),
      (dir) => edit(dir, (state) => ({ ...state, promptsDrawn: 7 })),
      (dir) => edit(dir, (state) => ({ ...state, step: 2 })),
      (dir) => edit(dir, (state) => ({ ...state, format: 3 })),
      (dir) => edit(dir, ({ zeroRewardSteps: _gone, ...state }) => state),
      (dir) => edit(dir, (state) => ({ ...state, files: {} })),
      (dir) => edit(dir, (state) => ({ ...state, files: { '../../run.json': '0'.repeat(64) } })),
    ];
    const edit = async (dir: string, change: (state: Record<string, unknown>) => object) => {
      const path = join(dir, 'state.json');
      await writeFile(
        path,
        JSON.stringify(change(JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>)),
      );
    };
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
      writeCheckpoint(run, progress(3), { save, tokenizerDir: await tokenizerDir(), fence }, 1),
      code('IO_ERROR'),
    );
    assert.deepEqual(await readdir(run.checkpoints), ['000002']);
    assert.equal((await latestCheckpoint(run, () => undefined))?.state.step, 2);
  });

  it('a folder left by a killed writer is no checkpoint and is cleared away', async () => {
    const run = await checkpointsAt(await fresh(), [2]);
    await mkdir(join(run.checkpoints, '.000003-1.tmp'));
    assert.equal((await latestCheckpoint(run, () => undefined))?.state.step, 2);
    await writeCheckpoint(run, progress(4), { save: saving(''), tokenizerDir: await tokenizerDir(), fence }, 5);
    assert.deepEqual((await readdir(run.checkpoints)).sort(), ['000002', '000004']);
  });
});

describe('metrics.jsonl', () => {
  it('has the lines up to a checkpoint, whatever a crash left behind them', async () => {
    for (const tail of ['', '{"step":4,"lo', '{"step":4}\n\u0000\u0000\n{"step":', '{"step":4}\n{"step":5}\n']) {
      const path = join(await fresh(), 'metrics.jsonl');
      await writeFile(path, `{"step":0}\n{"step":1}\n{"step":2}\n{"step":3}\n${tail}`);
      const { lines, missing } = await linesUpTo(path, 3);
      assert.deepEqual(
        lines.map((line) => line.step),
        [0, 1, 2, 3],
      );
      assert.deepEqual(missing, []);
    }
  });

  it('names the steps whose line is missing or broken', async () => {
    const cases: [string, number[]][] = [
      ['{"step":1}\n', [2]],
      ['{"step":1}\n{"step":3}\n', [2]],
      ['{"step":1}\nbroken\n{"step":2}\n', []],
      ['{"step":2}\n{"step":1}\n', [1]],
      ['{"step":1}\n{"step":2}', [2]],
      ['', [1, 2]],
    ];
    for (const [text, expected] of cases) {
      const path = join(await fresh(), 'metrics.jsonl');
      await writeFile(path, text);
      assert.deepEqual((await linesUpTo(path, 2)).missing, expected, text);
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
    const run = await begin(dir);
    await assert.rejects(claimNewRun(dir), code('RUN_LOCKED'));
    await assert.rejects(claimNewRun(dir, { overwrite: true }), code('RUN_LOCKED'));
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
    await assert.rejects(claimNewRun(dir), code('RUN_EXISTS'));
  });

  it('is taken up again without what lies past the checkpoint', async () => {
    const dir = await fresh();
    const run = await begin(dir);
    for (const step of [1, 2, 3]) await run.metrics.append({ step });
    await run.close();
    const folder = await checkpointsAt(dir, [2]);
    for (const step of [1, 2, 3]) await writeFile(folder.rollout(step), '');
    await writeFile(folder.evaluation(3, 's'), '{');
    await appendFile(folder.metrics, '{"st');
    const resumed = await goOn(dir);
    assert.equal(resumed.checkpoint?.state.step, 2);
    assert.deepEqual((await readdir(folder.rollouts)).sort(), ['000001.parquet', '000002.parquet']);
    assert.deepEqual(await readdir(folder.evaluations), []);
    assert.deepEqual(
      (await readMetrics(folder.metrics)).map((line) => line.step),
      [1, 2],
    );
    await resumed.run.close();
  });

  it('is not touched before it is decided that it goes on', async () => {
    const dir = await fresh();
    const run = await begin(dir);
    for (const step of [1, 2, 3]) await run.metrics.append({ step });
    await run.close();
    await checkpointsAt(dir, [2]);
    const before = await readFile(join(dir, 'metrics.jsonl'), 'utf8');
    await (await claimRun(dir, () => undefined)).release();
    assert.equal(await readFile(join(dir, 'metrics.jsonl'), 'utf8'), before);
    await (await claimRun(dir, () => undefined)).release();
  });

  it('begins again where it was killed before its first checkpoint', async () => {
    const dir = await fresh();
    const run = await begin(dir);
    await run.metrics.append({ step: 0 });
    await run.metrics.append({ step: 1 });
    await run.close();
    const resumed = await goOn(dir);
    assert.equal(resumed.checkpoint, undefined);
    assert.deepEqual(await readMetrics(resumed.run.folder.metrics), []);
    await resumed.run.close();
  });

  it('does not begin again where its checkpoints are gone', async () => {
    const dir = await fresh();
    const run = await begin(dir);
    await run.metrics.append({ step: 1 });
    await checkpointsAt(dir, [1]);
    await run.saved(1);
    await run.close();
    await rm(join(dir, 'checkpoints'), { recursive: true });
    await assert.rejects(goOn(dir), code('CHECKPOINT_MISSING'));
    assert.deepEqual(await readMetrics(join(dir, 'metrics.jsonl')), [{ step: 1 }]);
  });

  it('takes over the lock of a process that was killed', async () => {
    const dir = await fresh();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await new Promise((resolve) => child.once('spawn', resolve));
    const lock = runFolder(dir).lock;
    const run = await begin(dir);
    const mine = JSON.parse(await readFile(lock, 'utf8')) as object;
    await writeFile(lock, JSON.stringify({ ...mine, pid: child.pid, born: null }));
    await assert.rejects(goOn(dir), code('RUN_LOCKED'));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const resumed = await goOn(dir);
    await resumed.run.close();
    await run.close();
  });

  it('is not there: says so, and makes nothing', async () => {
    await assert.rejects(readRun(join(root, 'nowhere')), code('RUN_NOT_FOUND'));
    await assert.rejects(goOn(join(root, 'nowhere')), code('RUN_NOT_FOUND'));
    assert.ok(!(await readdir(root)).includes('nowhere'));
  });

  it('that never came to be leaves no folder', async () => {
    const dir = join(root, 'never/came/to/be');
    await (await claimNewRun(dir)).release();
    assert.ok(!(await readdir(root)).includes('never'));
  });

  it('that never made a step stands in nobody’s way', async () => {
    const dir = await fresh();
    const run = await begin(dir);
    await run.metrics.append({ step: 0 });
    await writeFile(run.folder.evaluation(0, 's'), '{}');
    await run.update({ status: 'failed' });
    await run.close();
    await writeFile(join(dir, 'notes.txt'), 'mine');
    await (await begin(dir)).close();
    assert.deepEqual(await readMetrics(join(dir, 'metrics.jsonl')), []);
    assert.deepEqual(await readdir(join(dir, 'eval')), []);
    assert.equal(await readFile(join(dir, 'notes.txt'), 'utf8'), 'mine');
  });

  it('is not mixed with what lies there without a run.json', async () => {
    const remains: [string, (dir: string) => Promise<unknown>][] = [
      ['metrics.jsonl', (dir) => writeFile(join(dir, 'metrics.jsonl'), '{"step":1}\n')],
      ['checkpoints/000001', (dir) => checkpointsAt(dir, [1])],
      ['rollouts/000001.arrow', (dir) => file(dir, 'rollouts/000001.arrow')],
      ['eval/000000-ko.json', (dir) => file(dir, 'eval/000000-ko.json')],
      ['reference', (dir) => file(dir, 'reference/model.safetensors')],
      ['final', (dir) => file(dir, 'final/model.safetensors')],
    ];
    for (const [name, leave] of remains) {
      for (const overwrite of [false, true]) {
        const dir = await fresh();
        await leave(dir);
        const before = [...(await filesBelow(dir)).keys()];
        await assert.rejects(claimNewRun(dir, { overwrite }), { code: 'RUN_NO_RECORD', message: new RegExp(name) });
        assert.deepEqual([...(await filesBelow(dir)).keys()], before);
      }
    }
    const dir = await fresh();
    await file(dir, 'eval/notes.txt');
    await file(dir, 'photos/000001.jpg');
    await (await begin(dir)).close();
  });
});

async function file(dir: string, name: string, text = ''): Promise<void> {
  await mkdir(dirname(join(dir, name)), { recursive: true });
  await writeFile(join(dir, name), text);
}

describe('run.json', () => {
  async function made(): Promise<string> {
    const dir = await fresh();
    const run = await begin(dir);
    await run.update({ status: 'interrupted' });
    await run.close();
    return dir;
  }
  const path = (dir: string) => join(dir, 'run.json');

  it('that is damaged is replaced by its copy, with a word', async () => {
    const damage: ((dir: string) => Promise<void>)[] = [
      (dir) => truncate(path(dir), 20),
      (dir) => writeFile(path(dir), ''),
      (dir) => writeFile(path(dir), 'null'),
      (dir) => writeFile(path(dir), '[]'),
      (dir) => writeFile(path(dir), '{"format":2}'),
      (dir) => rm(path(dir)),
      async (dir) => writeFile(path(dir), (await readFile(path(dir), 'utf8')).replace('"config"', '"confin"')),
    ];
    for (const harm of damage) {
      const dir = await made();
      await harm(dir);
      const warnings: string[] = [];
      assert.equal((await readRecord(dir, (message) => warnings.push(message))).status, 'interrupted');
      assert.match(warnings.join('\n'), /run\.json.*taking its copy/);
      await rm(join(dir, '.run.json'));
      await assert.rejects(readRecord(dir), (error) => code('RUN_CORRUPT')(error) || code('RUN_NOT_FOUND')(error));
    }
  });

  it('that somebody changed says what was written, and what it says now', async () => {
    const dir = await made();
    const edited = JSON.parse(await readFile(path(dir), 'utf8')) as { config: { seed: number } };
    edited.config.seed = 5;
    await writeFile(path(dir), JSON.stringify(edited));
    const claim = await claimRun(dir, () => undefined);
    assert.deepEqual([claim.record.config, claim.edited?.config], [{ seed: 1 }, { seed: 5 }]);
    await claim.release();
    assert.deepEqual((await readRecord(dir)).config, { seed: 1 });
    // White space is nobody's business.
    await writeRecord(runFolder(dir), record);
    await writeFile(path(dir), JSON.stringify(JSON.parse(await readFile(path(dir), 'utf8'))));
    const again = await claimRun(dir, () => undefined);
    assert.equal(again.edited, undefined);
    await again.release();
  });

  it('of an earlier version, without a checksum, is read', async () => {
    const dir = await fresh();
    await writeFile(path(dir), JSON.stringify({ ...record, format: 1 }));
    assert.equal((await readRecord(dir)).name, 'x');
  });

  it('of somebody else is refused, with or without overwriting', async () => {
    for (const text of ['{"name":"app"}', 'not JSON', '{}']) {
      const dir = await fresh();
      await writeFile(path(dir), text);
      for (const overwrite of [false, true])
        await assert.rejects(claimNewRun(dir, { overwrite }), code('RUN_CORRUPT'), text);
      assert.deepEqual(await readdir(dir), ['run.json']);
      assert.equal(await readFile(path(dir), 'utf8'), text);
    }
  });
});

describe('what a resumed run tells of its past', () => {
  async function trained(): Promise<string> {
    const dir = await fresh();
    const run = await begin(dir);
    for (const step of [1, 2, 3]) {
      await run.metrics.append({ step, loss: step / 7, step_time: Math.random() });
      await writeFile(run.folder.rollout(step), `rollout ${String(step)}`);
    }
    await writeFile(run.folder.evaluation(0, 's'), '{"rows":[]}');
    const save = saving('weights');
    const state = { ...progress(3), history: await run.history(3) };
    await writeCheckpoint(run.folder, state, { save, tokenizerDir: await tokenizerDir(), fence }, 1);
    await run.saved(3);
    await run.close();
    return dir;
  }
  const damageOf = async (dir: string) => {
    const claim = await claimRun(dir, () => undefined);
    await claim.release();
    return claim.damage.join('; ');
  };
  const metrics = (dir: string) => join(dir, 'metrics.jsonl');
  const rollout = (dir: string, step: number) => runFolder(dir).rollout(step);

  it('is nothing where nothing happened to it', async () => {
    const dir = await trained();
    assert.equal(await damageOf(dir), '');
    await (await goOn(dir)).run.close();
    assert.equal(await damageOf(dir), '');
  });

  it('is what is missing, changed or cut', async () => {
    const cases: [(dir: string) => Promise<unknown>, RegExp][] = [
      [(dir) => rm(metrics(dir)), /metrics\.jsonl has no line of steps 1, 2, 3/],
      [(dir) => truncate(metrics(dir), 60), /metrics\.jsonl has no line of steps? .*3/],
      [
        async (dir) =>
          writeFile(metrics(dir), (await readFile(metrics(dir), 'utf8')).replace('"loss":0.2', '"loss":0.3')),
        /metrics\.jsonl was changed/,
      ],
      [(dir) => rm(rollout(dir, 2)), /rollouts\/000002\.\w+ is gone/],
      [(dir) => appendFile(rollout(dir, 3), 'x'), /rollouts\/000003\.\w+ was changed/],
      [(dir) => truncate(rollout(dir, 1), 3), /rollouts\/000001\.\w+ was changed or cut off/],
      [(dir) => rm(runFolder(dir).evaluation(0, 's')), /eval\/000000-s\.json is gone/],
      [(dir) => file(dir, 'rollouts/000001.txt'), /rollouts\/000001\.txt was not there/],
    ];
    for (const [harm, expected] of cases) {
      const dir = await trained();
      await harm(dir);
      assert.match(await damageOf(dir), expected);
    }
  });
});

describe('overwriting', () => {
  const weightsAt = async (dir: string, step: number) =>
    readFile(join(runFolder(dir).checkpoint(step), 'model.safetensors'), 'utf8').catch(() => undefined);

  /** A run with three steps, a file of the user's in each of its folders, and a report. */
  async function old(): Promise<string> {
    const dir = await fresh();
    const run = await begin(dir);
    for (const step of [1, 2, 3]) await run.metrics.append({ step, loss: 1 });
    await checkpointsAt(dir, [2, 3]);
    for (const step of [1, 2, 3]) await writeFile(run.folder.rollout(step), 'old');
    await file(dir, 'reference/model.safetensors', 'old');
    await file(dir, 'final/model.safetensors', 'old');
    await file(dir, 'report.html', '<meta name="generator" content="glossa report">');
    const figures = { made_by: 'glossa report', page: 'report.html', files: ['a.svg', '../../notes.txt'] };
    await file(dir, 'report-figures/figures.json', JSON.stringify(figures));
    await file(dir, 'report-figures/a.svg', 'old');
    await run.saved(3);
    await run.close();
    for (const name of MINE) await file(dir, name, 'mine');
    return dir;
  }
  const MINE = [
    'notes.txt',
    'rollouts/mine.txt',
    'checkpoints/000003/model.gguf',
    'checkpoints/mine',
    'final/README.md',
    'report-figures/mine.svg',
  ];

  async function assertNew(dir: string): Promise<void> {
    const claim = await claimRun(dir, () => undefined);
    assert.equal(claim.checkpoint?.state.step, 1);
    await claim.release();
    const names = [...(await filesBelow(dir)).keys()].sort();
    const rollouts = runFolder('').rollout(1);
    assert.deepEqual(
      names,
      [
        '.run.json',
        ...['model.safetensors', 'state.json', 'tokenizer.json'].map((name) => `checkpoints/000001/${name}`),
        ...MINE.filter((name) => name.startsWith('checkpoints')),
        'final/README.md',
        'metrics.jsonl',
        'notes.txt',
        'report-figures/mine.svg',
        rollouts,
        'rollouts/mine.txt',
        'run.json',
      ].sort(),
    );
    assert.deepEqual(await readMetrics(join(dir, 'metrics.jsonl')), [{ step: 1 }]);
    for (const name of MINE) assert.equal(await readFile(join(dir, name), 'utf8'), 'mine');
  }

  async function assertOld(dir: string): Promise<void> {
    const claim = await claimRun(dir, () => undefined);
    assert.equal(claim.checkpoint?.state.step, 3);
    await claim.release();
    assert.equal((await readMetrics(join(dir, 'metrics.jsonl'))).length, 3);
    assert.equal(await readFile(runFolder(dir).rollout(3), 'utf8'), 'old');
    assert.equal(await readFile(join(dir, 'reference/model.safetensors'), 'utf8'), 'old');
  }

  it('leaves the old run whole until the new one has its first checkpoint', async () => {
    const dir = await old();
    const run = await begin(dir, { overwrite: true });
    await run.metrics.append({ step: 1 });
    await writeFile(run.folder.rollout(1), 'new');
    assert.equal((await readRun(dir)).metrics.length, 3);
    assert.equal(await weightsAt(dir, 3), 'weights 3');
    const at = run.folder;
    const save = saving('new');
    await writeCheckpoint(at, progress(1), { save, tokenizerDir: await tokenizerDir(), fence }, 1);
    await run.saved(1);
    assert.equal(run.folder.dir, dir);
    await run.close();
    await assertNew(dir);
  });

  it('that fails before then leaves the old run and nothing else', async () => {
    const dir = await old();
    const before = [...(await filesBelow(dir)).keys()].sort();
    const run = await begin(dir, { overwrite: true });
    await run.metrics.append({ step: 1 });
    await run.update({ status: 'failed' });
    await run.close();
    assert.deepEqual([...(await filesBelow(dir)).keys()].sort(), before);
    await assertOld(dir);
  });

  it('that is killed before then leaves the old run, and the rest is swept', async () => {
    const dir = await old();
    const run = await begin(dir, { overwrite: true });
    await run.metrics.append({ step: 1 });
    await rm(join(dir, 'run.lock')); // as of a process that is gone
    await assertOld(dir);
    const warnings: string[] = [];
    const resumed = await goOn(dir, (message) => warnings.push(message));
    await resumed.run.close();
    assert.match(warnings.join(), /was to overwrite this one/);
    assert.ok(!(await readdir(dir)).includes('.next'));
    await run.metrics.close();
  });

  it('that is killed at any instant from then on is finished by whoever comes next', async () => {
    let calls = 0;
    for (let survived = false; !survived; calls++) {
      const dir = await old();
      const next = runFolder(join(dir, '.next'));
      await mkdir(next.dir);
      await writeRecord(next, record);
      await checkpointsAt(next.dir, [1]);
      await file(next.dir, runFolder('').rollout(1), 'new');
      await file(next.dir, 'metrics.jsonl', '{"step":1}\n');
      survived = await dyingAfter(calls, () => arrive(runFolder(dir)));
      if (calls === 0) await assertOld(dir);
      else await assertNew(dir);
    }
    assert.ok(calls > 20, String(calls));
  });

  it('is refused, and nothing touched, where something else has the name of one of its files or folders', async () => {
    const folders = ['rollouts', 'eval', 'checkpoints', 'reference', 'final', '.next', 'checkpoints/000001'];
    const files = ['metrics.jsonl', 'run.json', '.run.json', 'rollouts/000001.parquet', 'eval/000001-ko.json'];
    for (const name of [...folders, ...files]) {
      const dir = await old();
      const path = join(dir, name);
      await rm(path, { recursive: true, force: true });
      await mkdir(dirname(path), { recursive: true });
      if (files.includes(name)) await mkdir(path);
      else if (name === 'final') await symlink('/nowhere-at-all', path);
      else await writeFile(path, 'mine');
      const before = [...(await filesBelow(dir)).keys()];
      await assert.rejects(claimNewRun(dir, { overwrite: true }), code('RUN_CORRUPT'), name);
      if (name !== 'run.json') await assert.rejects(claimRun(dir, assert.fail), code('RUN_CORRUPT'), name);
      assert.deepEqual([...(await filesBelow(dir)).keys()], before, name);
    }
  });

  it('moves what it wrote to another disk, where one of its folders is a link to one', async () => {
    const dir = await old();
    const elsewhere = await fresh();
    await rm(join(dir, 'checkpoints'), { recursive: true });
    await symlink(elsewhere, join(dir, 'checkpoints'));
    const next = runFolder(join(dir, '.next'));
    await mkdir(next.dir);
    await writeRecord(next, record);
    await checkpointsAt(next.dir, [7]);
    const { rename } = promises;
    promises.rename = (from, to) =>
      String(to).includes('checkpoints/')
        ? Promise.reject(Object.assign(new Error('cross-device link'), { code: 'EXDEV' }))
        : rename(from, to);
    syncBuiltinESMExports();
    try {
      await arrive(runFolder(dir));
    } finally {
      promises.rename = rename;
      syncBuiltinESMExports();
    }
    assert.equal((await latestCheckpoint(runFolder(dir), assert.fail))?.state.step, 7);
    assert.ok((await readdir(elsewhere)).includes('000007'));
    assert.ok(!(await readdir(dir)).includes('.arriving'));
  });
});

/** Does `work` as a process that is killed before its n-th change of a file's or folder's name. @returns whether it ended before. */
async function dyingAfter(calls: number, work: () => Promise<void>): Promise<boolean> {
  const whole = { rename: promises.rename, rm: promises.rm, rmdir: promises.rmdir };
  let left = calls;
  const mortal =
    <A extends unknown[]>(call: (...args: A) => Promise<void>) =>
    (...args: A) =>
      left-- > 0 ? call(...args) : Promise.reject(new Error('killed'));
  Object.assign(
    promises,
    Object.fromEntries(Object.entries(whole).map(([name, call]) => [name, mortal(call as never)])),
  );
  syncBuiltinESMExports();
  try {
    await work();
    return left >= 0;
  } catch (error) {
    assert.match(String(error), /killed/);
    return false;
  } finally {
    Object.assign(promises, whole);
    syncBuiltinESMExports();
  }
}
