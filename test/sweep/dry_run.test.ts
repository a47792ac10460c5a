import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkRaw } from '../../src/config/index.js';
import { runSeconds, scheduleSeconds, shapeOf } from '../../src/sweep/index.js';
import { glossa } from '../e2e/glossa.js';
import { sweepFile, tinyBase } from './sweep_file.js';

const config = (settings: Record<string, unknown>) =>
  checkRaw({ model: { lab: {} }, ...settings }, { path: 'x.yaml', overrides: [] });

describe('the estimate of a sweep', () => {
  it('counts steps, and evaluations where they are due', () => {
    const measured = { peak: 0, open: 2, step: 3, evaluation: 10, examples: 8, pretraining: undefined };
    const at = { from: 0, process: 0.5 };
    const suites = { eval: [{ name: 'ko', lab: { language: 'ko', split: 'test' } }] };
    const every = (n: number) => config({ data: suites, grpo: { max_steps: 40 }, eval: { every: n } });
    // At the start, after 10, 20, 30 and 40.
    assert.equal(runSeconds(every(10), measured, at), 0.5 + 2 + 40 * 3 + 5 * 10);
    // After 15, 30 and, being the end, 40.
    assert.equal(runSeconds(every(15), measured, at), 0.5 + 2 + 40 * 3 + 4 * 10);
    assert.equal(runSeconds(every(0), measured, at), 0.5 + 2 + 40 * 3 + 2 * 10);
    assert.equal(runSeconds(every(10), measured, { ...at, from: 20 }), 0.5 + 2 + 20 * 3 + 2 * 10);
  });

  it('fills the places one after the other', () => {
    assert.equal(scheduleSeconds([4, 1, 1, 2], 2), 4);
    assert.equal(scheduleSeconds([4, 1, 1, 2], 1), 8);
    assert.equal(scheduleSeconds([], 2), 0);
  });

  it('measures a kind of run once: seeds and rates are no kinds, sizes are', () => {
    const shape = (settings: Record<string, unknown>) => shapeOf(config(settings));
    assert.equal(shape({ seed: 1, optimizer: { learning_rate: 1e-3 } }), shape({ seed: 2 }));
    assert.notEqual(shape({ grpo: { max_completion_length: 32 } }), shape({}));
    assert.notEqual(shape({ model: { lab: { size: 'small' } } }), shape({}));
    assert.notEqual(shape({ grpo: { beta: 0.1 } }), shape({}));
  });
});

it('a dry run prints each run with memory and time, and leaves nothing behind', async () => {
  const root = await mkdtemp(join(tmpdir(), 'glossa-dry-'));
  const base = tinyBase(join(root, 'lab'));
  const file = await sweepFile({ base, axes: { 'grpo.max_completion_length': [8, 16] }, seeds: 2 });
  const { code, stdout, stderr } = await glossa([
    'sweep',
    file.path,
    '--out',
    join(root, 'out'),
    '--dry-run',
    '--json',
  ]);
  assert.equal(code, 0, stderr);
  const table = JSON.parse(stdout) as {
    runs: { name: string; memory_bytes: number; seconds: number; state: string }[];
    seconds: number;
    pretraining_seconds: number;
  };
  assert.deepEqual(
    table.runs.map(({ name }) => name),
    [8, 8, 16, 16].map((length, i) => `max_completion_length=${String(length)}-seed=${String((i % 2) + 1)}`),
  );
  for (const { memory_bytes: memory, seconds, state } of table.runs) {
    // A process of Node with a small model.
    assert.ok(memory > 5e7 && memory < 2e9, String(memory));
    assert.ok(seconds > 0 && seconds < 120, String(seconds));
    assert.equal(state, 'waiting');
  }
  assert.ok(table.pretraining_seconds > 0 && table.seconds > table.pretraining_seconds);
  assert.deepEqual(await readdir(root), []);
  await rm(root, { recursive: true });
  await rm(file.root, { recursive: true });
});
