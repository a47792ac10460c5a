import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { stringify } from 'yaml';
import { checkRaw } from '../../src/config/index.js';
import { readLog, runSeconds, shapeOf } from '../../src/sweep/index.js';
import { glossa } from '../e2e/glossa.js';
import { assertSameRuns, killedSweep } from './kill.js';
import { tinyBase } from './sweep_file.js';

let root: string;
/** Eight runs that nothing disturbed. */
let whole: string;

const write = async (name: string, more: Record<string, unknown> = {}): Promise<string> => {
  const path = join(root, name);
  const { grpo: _, ...base } = tinyBase(join(root, 'lab'));
  const content = {
    base: {
      ...base,
      data: { train: [{ lab: { language: 'ko' }, limit: 32 }] },
      sft: { num_train_epochs: 2, eval: [{ name: 'held', lab: { language: 'ko', split: 'test' }, limit: 8 }] },
      eval: { every: 4 },
    },
    axes: { 'optimizer.learning_rate': [1e-3, 1e-4], 'sft.batch_size': [8, 16] },
    seeds: 2,
    local: { retries: 10, at_once: 2 },
    ...more,
  };
  await writeFile(path, stringify(content));
  return path;
};
const sweep = (path: string, out: string, ...more: string[]) => [
  ...['sweep', path, '--out', out, '--progress', 'plain'],
  ...more,
];

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-sft-sweep-'));
  whole = join(root, 'whole');
  const { code, stderr } = await glossa(sweep(await write('sft.yaml'), whole));
  assert.equal(code, 0, stderr);
});
after(() => rm(root, { recursive: true, force: true }));

/** runs.csv by the name of the run. */
async function results(dir: string): Promise<Map<string, Record<string, string>>> {
  const [head, ...rows] = (await readFile(join(dir, 'results/runs.csv'), 'utf8')).trim().split('\r\n');
  const names = head!.split(',');
  return new Map(
    rows.map((row) => {
      const cells = row.split(',');
      return [cells[0]!, Object.fromEntries(names.map((name, i) => [name, cells[i]!]))];
    }),
  );
}

describe('a sweep of supervised fine-tuning', () => {
  it('has a row for each run with its steps by epochs, its last and its least held-out loss', async () => {
    const rows = await results(whole);
    assert.equal(rows.size, 8);
    for (const [name, row] of rows) {
      assert.equal(row['state'], 'finished', name);
      // 32 examples twice.
      const steps = String(64 / Number(row['sft.batch_size']));
      assert.deepEqual([row['steps'], row['max_steps']], [steps, steps]);
      const lines = (await readFile(join(whole, 'runs', name, 'metrics.jsonl'), 'utf8')).trim().split('\n');
      const losses = lines.flatMap((line) => (JSON.parse(line) as Record<string, number>)['eval_held/loss'] ?? []);
      assert.ok(losses.length >= 2);
      assert.equal(Number(row['final.eval_held/loss']), losses.at(-1));
      assert.equal(Number(row['best.eval_held/loss']), Math.min(...losses));
      assert.equal(row['collapse_step'], '');
    }
  });

  it('killed and called again ends with the bytes of the unbroken one, and then has nothing left to do', async () => {
    const out = join(root, 'killed');
    const path = join(root, 'sft.yaml');
    const { code, stderr, met } = await killedSweep({
      ...{ args: sweep(path, out), out, victims: ['all', 'run'], random: Math.random },
      delay: () => 300 + 1500 * Math.random(),
    });
    assert.equal(code, 0, stderr);
    assert.ok(met > 0, 'no kill met a run');
    assert.equal(await assertSameRuns(out, whole), 8);
    const started = async () => (await readLog(out)).filter(({ event }) => event === 'started').length;
    const before = await started();
    // What a run has noted of its epochs is no edit.
    const again = await glossa(sweep(path, out));
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await started(), before);
  });

  it('a task of a cluster makes one of its runs', async () => {
    const out = join(root, 'task');
    const path = await write('task.yaml', { kubernetes: { image: 'x', claim: 'y', mount: root } });
    assert.equal((await glossa(sweep(path, out, '--kubernetes'))).code, 0);
    const { code, stderr } = await glossa(['sweep', out, '--task', '1']);
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      [...(await results(out)).values()].map(({ state }) => state),
      ['waiting', 'finished', ...Array.from({ length: 6 }, () => 'waiting')],
    );
  });

  it('successive halving keeps the least held-out loss', async () => {
    const out = join(root, 'halved');
    const path = await write('halved.yaml', {
      seeds: 1,
      set: { 'sft.batch_size': 8 },
      axes: { 'optimizer.learning_rate': [1e-6, 1e-3] },
      halving: { metric: 'eval_held/loss', at: [4], direction: 'min' },
    });
    const { code, stderr } = await glossa(sweep(path, out));
    assert.equal(code, 0, stderr);
    const states = [...(await results(out)).values()].map((row) => [row['optimizer.learning_rate'], row['state']]);
    assert.deepEqual(states, [
      ['0.000001', 'stopped'],
      ['0.001', 'finished'],
    ]);
  });

  it('a dry run counts the steps of epochs', async () => {
    const { code, stdout, stderr } = await glossa(
      sweep(join(root, 'sft.yaml'), join(root, 'dry'), '--dry-run', '--json'),
    );
    assert.equal(code, 0, stderr);
    const { runs } = JSON.parse(stdout) as { runs: { max_steps: number; memory_bytes: number; seconds: number }[] };
    assert.deepEqual(
      runs.map(({ max_steps: steps }) => steps),
      [8, 8, 4, 4, 8, 8, 4, 4],
    );
    for (const { memory_bytes: memory, seconds } of runs) {
      assert.ok(memory > 5e7 && memory < 2e9, String(memory));
      assert.ok(seconds > 0 && seconds < 120, String(seconds));
    }
  });

  it('its page compares held-out losses, and has nothing of prompts', async () => {
    const { code, stderr } = await glossa(['report', whole]);
    assert.equal(code, 0, stderr);
    const html = (await readFile(join(whole, 'report.html'), 'utf8')).replace(/<svg.*?<\/svg>/gs, '');
    assert.match(html, /<h3>held-out set held<\/h3>/);
    assert.match(html, /<th>held-out loss<\/th><th>held-out perplexity<\/th>/);
    assert.match(html, /<span>2 of 2<\/span>/);
    assert.doesNotMatch(html, />collapse<|Collapse:/);
    const rows = [...(await results(whole)).values()].filter(
      (row) => row['optimizer.learning_rate'] === '0.001' && row['sft.batch_size'] === '8',
    );
    const mean = rows.reduce((sum, row) => sum + Number(row['final.eval_held/loss']), 0) / rows.length;
    assert.ok(html.includes(`<span>${String(Number(mean.toPrecision(3)))}</span>`), String(mean));
  });
});

it('time goes by the steps that the epochs make, and rates and epochs are no kinds of run', () => {
  const config = (sft: Record<string, unknown>) =>
    checkRaw({ model: { lab: {} }, data: { train: [{ path: '/x.jsonl' }] }, sft }, { path: 'x.yaml', overrides: [] });
  const measured = { peak: 0, open: 2, step: 3, evaluation: 10, examples: 20, pretraining: undefined };
  const seconds = (sft: Record<string, unknown>) => runSeconds(config(sft), measured, { from: 0, process: 0.5 });
  const atEnds = 0.5 + 2 + 2 * 10;
  assert.equal(seconds({ num_train_epochs: 1.5, batch_size: 7 }), atEnds + 5 * 3);
  assert.equal(seconds({ max_steps: 4 }), atEnds + 4 * 3);
  assert.equal(shapeOf(config({ num_train_epochs: 2 })), shapeOf(config({ max_steps: 7 })));
  assert.notEqual(shapeOf(config({ batch_size: 2 })), shapeOf(config({ batch_size: 4 })));
});
