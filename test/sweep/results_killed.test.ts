import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { readMetrics, runFolder } from '../../src/run/index.js';
import { updateResults, writeSweep } from '../../src/sweep/index.js';
import { begin, koreanRun, madeSweep } from './made_sweep.js';

const KILLS = 4;
const loop = fileURLToPath(new URL('update_loop.ts', import.meta.url));

test('results are whole after a kill at any instant, and the next call brings them up to date', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-killed-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const sweep = madeSweep(
    dir,
    ['a', 'b', 'c'].map((name) => ({ name, seed: 1, values: { threads: 1 } })),
  );
  await writeSweep(sweep);
  for (const { name } of sweep.runs) await begin(sweep, name, koreanRun([0.5], [0.5]));
  await updateResults(sweep);
  const results = join(dir, 'results');
  const open = (path: string) => {
    const { buffer, byteOffset, byteLength } = readFileSync(path);
    return parquetReadObjects({ file: buffer.slice(byteOffset, byteOffset + byteLength) });
  };
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, ['--import', 'tsx', loop, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    // Instants that no update is in step with.
    await wait(100 + 61.7 * kill);
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.equal((await open(join(results, 'runs.parquet'))).length, 3);
    const lines = readFileSync(join(results, 'runs.csv'), 'utf8').split('\r\n');
    assert.equal(lines.length, 5);
    assert.equal(new Set(lines.slice(0, -1).map((line) => line.split(',').length)).size, 1);
    for (const { name } of sweep.runs) assert.ok((await open(join(results, 'steps', `${name}.parquet`))).length > 0);
  }
  await updateResults(sweep);
  for (const run of sweep.runs) {
    const lines = await readMetrics(runFolder(run.dir).metrics);
    assert.ok(lines.length > KILLS, 'the loop has written');
    const steps = await open(join(results, 'steps', `${run.name}.parquet`));
    assert.deepEqual(
      steps.map(({ step, accuracy }) => [Number(step), accuracy as number]),
      lines.map(({ step, accuracy }) => [step, accuracy]),
    );
  }
  assert.deepEqual(
    (await readdir(results)).filter((name) => name.endsWith('.lock')),
    [],
    'a dead lock is taken over',
  );
});
