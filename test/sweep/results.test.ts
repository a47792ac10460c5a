import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parquetReadObjects } from 'hyparquet';
import { runFolder } from '../../src/run/index.js';
import { appendLog, updateResults } from '../../src/sweep/index.js';
import { axisColumns } from '../../src/sweep/results/columns.js';
import { csvText } from '../../src/sweep/results/table.js';
import { blocksOf } from '../docs/blocks.js';
import { begin, koreanRun, madeSweep } from './made_sweep.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'glossa-results-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const open = async (path: string): Promise<Record<string, unknown>[]> => {
  const file = readFileSync(path);
  return parquetReadObjects({ file: file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) });
};
const runsOf = () => open(join(dir, 'results', 'runs.parquet'));

/** Two arms at two temperatures; one run has not begun, one failed, one was stopped by halving. */
async function sweepOfAll() {
  const temperature = (value: number) => ({
    'grpo.temperature': value,
    'data.train': [{ path: `${String(value)},"a"` }],
  });
  const sweep = madeSweep(
    dir,
    [
      { name: 'plain-t0.7', arm: 'plain', seed: 1, values: temperature(0.7) },
      { name: 'plain-t1', arm: 'plain', seed: 1, values: temperature(1) },
      { name: 'kept-t0.7', arm: 'kept', seed: 1, values: temperature(0.7) },
      { name: 'kept-t1', arm: 'kept', seed: 1, values: temperature(1) },
      { name: 'kept-t1-s2', arm: 'kept', seed: 2, values: temperature(1) },
    ],
    { baseline: 'plain' },
  );
  await begin(sweep, 'plain-t0.7', koreanRun([0.5, 0.75, 0.7], [0.8, 0.3, 0.1]));
  await begin(sweep, 'plain-t1', koreanRun([0.5], [0.9], { status: 'failed' }));
  await begin(sweep, 'kept-t0.7', koreanRun([0.5, 0.4], [0.75, 0.9]));
  await begin(sweep, 'kept-t1', koreanRun([0.25], [null], { status: 'interrupted' }));
  const arm = (...runs: string[]) => ({ runs, value: null });
  await appendLog(dir, [{ event: 'halved', step: 1, kept: [], stopped: [arm('kept-t1')] }]);
  return sweep;
}

test('a row a run, whatever its state, with final and best figures, collapse and price', async () => {
  await updateResults(await sweepOfAll());
  const rows = await runsOf();
  assert.deepEqual(
    rows.map((row) => [row['run'], row['index'], row['arm'], row['seed'], row['grpo.temperature'], row['state']]),
    [
      ['plain-t0.7', 0n, 'plain', 1n, 0.7, 'finished'],
      ['plain-t1', 1n, 'plain', 1n, 1, 'failed'],
      ['kept-t0.7', 2n, 'kept', 1n, 0.7, 'finished'],
      ['kept-t1', 3n, 'kept', 1n, 1, 'stopped'],
      ['kept-t1-s2', 4n, 'kept', 2n, 1, 'waiting'],
    ],
  );
  const [lost, , kept, stopped, waiting] = rows as [Record<string, unknown>, ...Record<string, unknown>[]];
  assert.deepEqual(
    ['steps', 'max_steps', 'final.accuracy', 'best.accuracy', 'best_step.accuracy', 'final.eval_test/accuracy'].map(
      (name) => lost[name],
    ),
    [3n, 3n, 0.7, 0.75, 2n, 0.7],
  );
  // Averages of up to five steps: 0.8, 0.55, 0.4; half of 0.8 is not undercut.
  assert.equal(lost['collapse_step'], null);
  assert.equal(lost['step_seconds'], 0.75);
  assert.equal(lost['price'], null, 'of the baseline itself');
  // (0.7 - 0.4) of accuracy lost for (0.9 - 0.1) of Target WR kept.
  assert.ok(Math.abs((kept!['price'] as number) - 0.3 / 0.8) < 1e-12);
  assert.equal(stopped!['price'], null, 'neither has a Target WR to compare');
  assert.equal(stopped!['final.language/target_wr'], null);
  assert.deepEqual([waiting!['steps'], waiting!['started'], waiting!['final.accuracy']], [null, null, null]);
  assert.deepEqual(lost['started'], new Date('2026-01-01T00:00:00Z'));
  assert.equal(lost['data.train'], '[{"path":"0.7,\\"a\\""}]');
});

test('a row a step, with the axes beside every metric', async () => {
  await updateResults(await sweepOfAll());
  assert.deepEqual((await readdir(join(dir, 'results', 'steps'))).sort(), [
    'kept-t0.7.parquet',
    'kept-t1.parquet',
    'plain-t0.7.parquet',
    'plain-t1.parquet',
  ]);
  const steps = await open(join(dir, 'results', 'steps', 'plain-t0.7.parquet'));
  assert.deepEqual(
    steps.map((row) => [
      row['run'],
      row['arm'],
      row['grpo.temperature'],
      row['step'],
      row['accuracy'],
      row['step_time'],
    ]),
    [
      ['plain-t0.7', 'plain', 0.7, 1n, 0.5, 0.25],
      ['plain-t0.7', 'plain', 0.7, 2n, 0.75, 0.25],
      ['plain-t0.7', 'plain', 0.7, 3n, 0.7, 0.25],
    ],
  );
});

test('a later call reads only what has changed, and prices what is compared with it anew', async () => {
  const sweep = await sweepOfAll();
  await updateResults(sweep);
  const written = async (name: string) => (await stat(join(dir, 'results', 'steps', `${name}.parquet`))).mtimeMs;
  const before = [await written('plain-t1'), await written('kept-t0.7')];
  await begin(sweep, 'plain-t0.7', koreanRun([0.5, 0.75, 0.8], [0.8, 0.3, 0.1]));
  await begin(sweep, 'kept-t1-s2', koreanRun([0.125], [0.5]));
  await updateResults(sweep);
  const rows = await runsOf();
  assert.equal(await written('plain-t1'), before[0], 'was not read again');
  assert.ok(Math.abs((rows[2]!['price'] as number) - 0.4 / 0.8) < 1e-12);
  assert.deepEqual([rows[4]!['state'], rows[4]!['final.accuracy']], ['finished', 0.125]);
});

test('a run that cannot be read has a row that says so, and damaged or missing results are made anew', async () => {
  const sweep = await sweepOfAll();
  const { metrics } = runFolder(sweep.runs[0]!.dir);
  await appendFile(metrics, 'not a line\n{"step": 4}\n');
  const table = await updateResults(sweep);
  assert.deepEqual([table.rows[0]!['state'], table.rows[0]!['error_code']], ['broken', 'RUN_CORRUPT']);
  const results = join(dir, 'results');
  const whole = readFileSync(join(results, 'runs.csv'), 'utf8');
  await rm(join(results, 'runs.csv'));
  await writeFile(join(results, '.rows.json'), '{"format": 1, "rows": [');
  await updateResults(sweep);
  assert.equal(readFileSync(join(results, 'runs.csv'), 'utf8'), whole);
});

test('many calls at once end with every row, and steps of runs that are gone go', async () => {
  const sweep = await sweepOfAll();
  await Promise.all(Array.from({ length: 8 }, () => updateResults(sweep)));
  const fewer = { ...sweep, runs: sweep.runs.slice(1) };
  assert.equal((await updateResults(fewer)).rows.length, 4);
  assert.equal((await runsOf()).length, 4);
  assert.ok(!existsSync(join(dir, 'results', 'steps', 'plain-t0.7.parquet')));
});

test('an axis has the type that holds all its values', () => {
  const values = [{ a: 1, b: 0.5, c: true, d: 'x', e: null }, { a: 2, b: 1, c: false, d: 3, e: [1] }, {}];
  const sweep = madeSweep(
    dir,
    values.map((each, i) => ({ name: String(i), seed: 1, values: each })),
  );
  assert.deepEqual(
    axisColumns(sweep).map(({ type }) => type),
    ['integer', 'number', 'truth', 'text', 'text'],
  );
});

test('CSV quotes what it must, and tells nothing from an empty text', () => {
  const columns = ['a', 'b,"c"'].map((name) => ({ name, type: 'text' as const }));
  assert.equal(
    csvText({
      columns,
      rows: [
        { a: '1,2', 'b,"c"': null },
        { a: '', 'b,"c"': 'x\n"y"' },
      ],
    }),
    'a,"b,""c"""\r\n"1,2",\r\n"","x\n""y"""\r\n',
  );
});

const python =
  process.env['GLOSSA_TABLES_PYTHON'] ?? fileURLToPath(new URL('../../build/tables-venv/bin/python', import.meta.url));
const skip = existsSync(python) ? false : `no ${python}: .ci/oracles makes it`;

test('pandas, Polars and DuckDB open the results, value for value', { skip }, async () => {
  const sweep = await sweepOfAll();
  const { columns, rows } = await updateResults(sweep);
  const names = ['kept-t0.7', 'kept-t1', 'plain-t0.7', 'plain-t1'];
  const steps = (await Promise.all(names.map((name) => open(join(dir, 'results', 'steps', `${name}.parquet`))))).flat();
  const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);
  const expected = join(dir, 'expected.json');
  await writeFile(expected, JSON.stringify({ columns, rows, steps }, plain));
  const script = fileURLToPath(new URL('read_results.py', import.meta.url));
  const { status, stdout, stderr } = spawnSync(python, [script, join(dir, 'results'), expected], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  assert.equal(stdout.trim().split('\n').length, 9);
});

test('the program of docs/sweeps.md reads them', { skip }, async () => {
  await updateResults(await sweepOfAll());
  const programs = (await blocksOf('docs/sweeps.md')).filter(({ kind }) => kind === 'python');
  assert.equal(programs.length, 1);
  await mkdir(join(dir, 'runs'), { recursive: true });
  await symlink(dir, join(dir, 'runs', 'temperature'));
  const { status, stderr } = spawnSync(python, ['-c', programs[0]!.text], { cwd: dir, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
