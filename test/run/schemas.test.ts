import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sealedJson } from '../../src/base/checksum.js';
import { demoRecipe } from '../../src/lab/index.js';
import { readMetrics, readRecord, readRun, type RunRecord } from '../../src/run/index.js';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'glossa-schemas-'));
  await mkdir(join(dir, 'eval'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** A record with every field there is, and one of a later version. */
const RECORD = {
  format: 2,
  name: 'x',
  config: { seed: 1 },
  asked: { config: 'x.yaml', set: ['seed=1'] },
  lab: demoRecipe(1).lab,
  status: 'finished',
  error: { code: 'NONFINITE', message: 'once' },
  seed: 1,
  started: '2026-01-01T00:00:00.000Z',
  ended: '2026-01-01T00:00:01.000Z',
  saved: 3,
  resumed: [{ step: 2, at: '2026-01-01T00:00:00.500Z', set: [], accepted: ['a: 1 -> 2'] }],
  machine: {
    ...{ glossa: '0', node: 'v20', platform: 'linux', cpu: 'one', cores: 2, memoryGb: 7.5 },
    native: { path: '/a.node', version: '0', isas: ['portable'] },
  },
  model: { isa: 'avx2', dtype: 'float32' },
  plan: { total: 4, host: 2, microBatchRows: 100, microBatchTokens: 200 },
  weights: 'bfloat16',
  languages: ['ko', 'en'],
  inputs: { files: [], model: [{ setting: 'model: a', path: '/a', bytes: 1, sha256: 'a'.repeat(64) }] },
  reference: { 'model.safetensors': 'b'.repeat(64) },
} satisfies RunRecord;

const write = (record: object) => writeFile(join(dir, 'run.json'), sealedJson(record));

describe('run.json', () => {
  it('is read as it was written, in the same order, with what a later version adds', async () => {
    const later = { ...RECORD, later: { version: true } };
    await write(later);
    assert.equal(JSON.stringify(await readRecord(dir)), JSON.stringify(later));
  });

  it('is refused by the field that has another type, however deep', async () => {
    const wrong: [object, RegExp][] = [
      [{ saved: '3' }, /saved: /],
      [{ status: 'asleep' }, /status: /],
      [{ languages: ['ko', 'xx'] }, /languages\.1: /],
      [{ resumed: [{ ...RECORD.resumed[0], accepted: 'all' }] }, /resumed\.0\.accepted: /],
      [{ machine: { ...RECORD.machine, native: { path: 1 } } }, /machine\.native\.path: /],
      [{ plan: { ...RECORD.plan, total: '4' } }, /plan\.total: /],
      [{ model: { isa: 'avx2', dtype: 'int3' } }, /model\.dtype: /],
      [{ lab: { ...RECORD.lab, pretrain: { ...RECORD.lab.pretrain, steps: '9' } } }, /lab\.pretrain\.steps: /],
      [{ lab: { ...RECORD.lab, problems: { ...RECORD.lab.problems, steps: { 5: 1 } } } }, /lab\.problems\.steps: /],
      [{ inputs: { files: [], model: [{ setting: 'a' }] } }, /inputs\.model\.0\.path: /],
      [{ reference: { '../a': 'b'.repeat(64) } }, /reference\.\.\.\/a: /],
    ];
    for (const [change, place] of wrong) {
      await write({ ...RECORD, ...change });
      await assert.rejects(readRecord(dir), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'RUN_CORRUPT');
        assert.match(error.message, /run\.json: not a record of a run: /);
        assert.match(error.message, place);
        return true;
      });
    }
    await write(RECORD);
  });
});

describe('the other files of a run', () => {
  it('a line of metrics has a step and numbers, and its order', async () => {
    const path = join(dir, 'metrics.jsonl');
    const good = '{"step":1,"reward":0.5,"loss":null}';
    await writeFile(path, `${good}\n`);
    assert.equal(JSON.stringify(await readMetrics(path)), `[${good}]`);
    for (const bad of ['{"step":1,"reward":"0.5"}', '{"step":-1}', '{"step":1.5}', '{"reward":1}', '[]', 'null']) {
      await writeFile(path, `${bad}\n${good}\n`);
      await assert.rejects(readMetrics(path), { code: 'RUN_CORRUPT', message: /metrics\.jsonl:1: / }, bad);
    }
    await writeFile(path, `${good}\n`);
  });

  it('an evaluation has rows whose ratios are numbers or null', async () => {
    const path = join(dir, 'eval', '000001-held.json');
    const ratios = { accuracy: 0.5, target_wr: 0.5, target_wr_rewarded: null, en_wr: 0.5, other_wr: 0 };
    const row = { step: 1, suite: 'held', language: 'ko', ...ratios, mean_length: 3, clipped_ratio: 0, n: 2 };
    await writeFile(path, JSON.stringify({ step: 1, suite: 'held', rows: [row] }));
    assert.deepEqual((await readRun(dir)).evaluations, [row]);
    for (const change of [{ accuracy: '0.5' }, { n: -1 }, { language: null }, { en_wr: undefined }]) {
      await writeFile(path, JSON.stringify({ step: 1, suite: 'held', rows: [row, { ...row, ...change }] }));
      await assert.rejects(readRun(dir), { code: 'RUN_CORRUPT', message: /000001-held\.json: not an evaluation/ });
    }
  });
});
