import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { thisProcess } from '../../src/base/process.js';
import { claimNewRun, readMetrics, runFolder, writeCheckpoint, type RunRecord } from '../../src/run/index.js';
import { lockRun } from '../../src/run/lock.js';
import { filesBelow } from '../e2e/glossa.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-run-lock-'));
});
after(() => rm(root, { recursive: true, force: true }));

const elsewhere = JSON.stringify({ ...thisProcess(), host: 'another', mark: 'm', beat: '0000000000' });
const record: RunRecord = {
  format: 2,
  name: 'x',
  config: { seed: 1 },
  status: 'running',
  seed: 1,
  started: '2026-01-01T00:00:00.000Z',
  resumed: [],
  machine: { glossa: '0' },
};

describe('the lock of a run', () => {
  it('of another machine is watched, and told; then taken, or refused', async () => {
    const path = join(root, 'run.lock');
    const timing = { beat: 20, silence: 150, instant: 100 };
    await writeFile(path, elsewhere);
    const told: string[] = [];
    const lock = await lockRun(path, { warn: (message) => told.push(message), timing });
    assert.match(told.join('\n'), /^[^\n]*process \d+ on another still lives$/);
    await lock.release();

    await writeFile(path, elsewhere);
    let beats = 0;
    const beating = setInterval(() => {
      void writeFile(path, elsewhere.replace('0000000000', String(++beats).padStart(10, '0')));
    }, timing.beat);
    await assert.rejects(
      lockRun(path, { timing }),
      (error: Error & { code: string }) =>
        error.code === 'RUN_LOCKED' && error.message.includes(`process ${String(process.pid)} on another`),
    );
    clearInterval(beating);
  });

  it('that was taken over lets its former holder write nothing more', async () => {
    const dir = join(root, 'run');
    const run = await (await claimNewRun(dir)).begin(record);
    await run.metrics.append({ step: 1 });
    const { lock, metrics } = runFolder(dir);
    await rm(lock);
    await writeFile(lock, elsewhere);
    const before = await filesBelow(dir);
    const taken = { name: 'GlossaError', code: 'RUN_TAKEN_OVER' };
    await assert.rejects(run.metrics.append({ step: 2 }), taken);
    await assert.rejects(run.update({ status: 'failed' }), taken);
    await assert.rejects(run.writeEvaluation({ step: 2, suite: 'x', rows: [] }), taken);
    await assert.rejects(run.saved(2), taken);
    const state = { step: 2, numTokens: 0, promptsDrawn: 0, zeroRewardSteps: 0 };
    const writer = { save: () => Promise.reject(new Error('written')), tokenizerDir: dir, fence: run.fence };
    await assert.rejects(writeCheckpoint(run.folder, state, writer, 1), taken);
    await run.close();
    assert.deepEqual(await filesBelow(dir), before);
    assert.equal((await readMetrics(metrics)).length, 1);
  });
});
