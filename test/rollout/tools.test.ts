import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RecordBatch } from 'apache-arrow';
import { writeFileAtomic } from '../../src/base/atomic.js';
import { rolloutBatch } from '../../src/engine/index.js';
import { addColumns, jsonLinesFile, writeRolloutFile, type RolloutAdditions } from '../../src/rollout/index.js';

const script = fileURLToPath(new URL('read_tables.py', import.meta.url));
const python =
  process.env['GLOSSA_TABLES_PYTHON'] ?? fileURLToPath(new URL('../../build/tables-venv/bin/python', import.meta.url));
const skip = existsSync(python)
  ? false
  : `no ${python}: python3 -m venv build/tables-venv && build/tables-venv/bin/pip install pandas pyarrow polars duckdb datasets`;

const dir = mkdtempSync(join(tmpdir(), 'glossa-tables-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

const ROWS = 300;
const cycle = <T>(values: readonly T[]): T[] => Array.from({ length: ROWS }, (_, row) => values[row % values.length]!);

/** Lists from none to thousands of values, so that the file has several groups of rows. */
function rollout(added: RolloutAdditions): RecordBatch {
  const lengths = cycle([0, 1, 700, 3, 1200, 2]);
  const offsets = Int32Array.from([0, ...lengths]).map(
    (
      (sum) => (length: number) =>
        (sum += length)
    )(0),
  );
  const total = offsets[ROWS]!;
  const sampled = {
    rows: ROWS,
    promptIndex: Int32Array.from({ length: ROWS }, (_, row) => row >> 2),
    sample: Int32Array.from({ length: ROWS }, (_, row) => row & 3),
    prompts: {
      ids: Int32Array.from({ length: ROWS * 2 }, (_, i) => i),
      offsets: Int32Array.from({ length: ROWS + 1 }, (_, row) => row * 2),
    },
    completions: { ids: Int32Array.from({ length: total }, (_, i) => (i * 7919) % 151_936), offsets },
    logps: Float32Array.from({ length: total }, (_, i) => (i % 1009 === 0 ? -Infinity : -1 / (i + 3))),
    entropies: Float32Array.from({ length: total }, (_, i) => Math.sin(i) ** 2),
    finish: Int8Array.from(cycle([0, 1, 2])),
    policyStep: Int32Array.from(cycle([0, 2 ** 31 - 1])),
  };
  return addColumns(rolloutBatch(sampled), added);
}

const additions = {
  id: cycle(['mgsm-000', 'mgsm-001', '7']),
  suite: cycle<string | null>([null]),
  file: cycle(['/data/문제 ko.jsonl']),
  language: cycle(['ko', 'en', 'th']),
  question: cycle(['사과 3개와 배 4개?', 'two\nlines\tand "quotes"', 'สวัสดี', '']),
  gold: cycle(['7', '-0.5', '1/2']),
  completion: cycle<string | null>(['답은 7 😀', '', null, '\u0000 nul, \r\n', 'x'.repeat(5000)]),
  answer: cycle<string | null>(['7', null]),
  correct: cycle<boolean | null>([true, false, null]),
  reward: cycle<number | null>([1, 0.1, null, -2.5]),
  advantage: Float32Array.from(cycle([0.7, -0.7, 0])),
  first_switch: cycle<number | null>([null, 0, 1 / 3]),
  switches: Int32Array.from(cycle([0, 3])),
  line_pass: cycle([true, false]),
  word_pass: cycle([false, true, true]),
  rewards: { accuracy: cycle<number | null>([1, null]), 'my/own.reward': cycle([1e30, -1e-30]) },
  words: { ko: Int32Array.from(cycle([0, 12])), other: Int32Array.from(cycle([1, 2, 3])) },
};

test('pandas, Polars, DuckDB and datasets open a rollout as it is, value for value', { skip }, async () => {
  const batch = rollout(additions);
  const [table, lines] = [join(dir, 'rollout.parquet'), join(dir, 'rollout.jsonl')];
  await writeRolloutFile(table, batch);
  await writeFileAtomic(lines, jsonLinesFile([batch]));
  const { status, stdout, stderr } = spawnSync(python, [script, table, lines], {
    encoding: 'utf8',
    env: { ...process.env, HF_HOME: dir, HF_HUB_OFFLINE: '1' },
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
    ['pandas', 'polars', 'duckdb', 'datasets', 'datasets'],
  );
});

test('a value that is another one is found', { skip }, async () => {
  const [table, lines] = [join(dir, 'one.parquet'), join(dir, 'other.jsonl')];
  await writeRolloutFile(table, rollout(additions));
  const other = { ...additions, gold: additions.gold.with(-1, 'another') };
  await writeFileAtomic(lines, jsonLinesFile([rollout(other)]));
  const { status, stderr } = spawnSync(python, [script, table, lines], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /^pandas \S+: row 299, gold is '1\/2', expected 'another'$/m);
});
