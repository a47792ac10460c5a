import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isLeftOver } from '../../src/base/atomic.js';
import { parseConfig, type ResolvedConfig } from '../../src/config/index.js';
import { readRolloutFile } from '../../src/rollout/index.js';
import { verifyCheckpoint } from '../../src/run/index.js';
import { resume, train, type TrainEvent } from '../../src/trainer/index.js';
import { tinyBase } from '../sweep/sweep_file.js';
import { assertSameRun } from './kills.js';

const MOST_STEPS = 6;

let root: string;
let disk: string;
let mounted = false;
const filler = () => join(disk, 'filler');

function config(dir: string): ResolvedConfig {
  const { data, ...base } = tinyBase(join(root, 'lab'));
  const raw = {
    ...base,
    rewards: [{ name: 'accuracy' }, { name: 'language', weight: 0.5 }],
    data: { ...data, eval: [{ name: 'held-out', lab: { split: 'test', language: 'ko' }, limit: 4 }] },
    grpo: { ...base.grpo, max_steps: MOST_STEPS, beta: 0.1 },
    eval: { every: 2 },
    checkpoint: { every: 2, keep: 2 },
    run: { dir, name: 'disk' },
  };
  return parseConfig(JSON.stringify(raw), { path: 'disk.yaml', sets: [] });
}

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-disk-'));
  disk = join(root, 'disk');
  await mkdir(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk], { stdio: 'ignore' });
    mounted = true;
  } catch {
    return;
  }
  await train(config(join(root, 'whole')));
});
after(async () => {
  if (mounted) execFileSync('umount', [disk]);
  await rm(root, { recursive: true, force: true });
});

/** Takes all the room there is, to the last byte. */
function fill(): void {
  for (let bytes = 1 << 20; bytes >= 1; bytes = Math.floor(bytes / 16))
    for (;;)
      try {
        appendFileSync(filler(), Buffer.alloc(bytes));
      } catch {
        break;
      }
}

/** Every file of a run's folder is whole, and none that was being written is left. */
async function assertWhole(run: string): Promise<void> {
  for (const entry of readdirSync(run, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    assert.ok(!isLeftOver(entry.name), path);
    if (!entry.isFile()) continue;
    if (path.endsWith('.json')) JSON.parse(readFileSync(path, 'utf8'));
    if (path.endsWith('.parquet')) assert.ok((await readRolloutFile(path)).length > 0, path);
  }
  const lines = readFileSync(join(run, 'metrics.jsonl'), 'utf8').split('\n');
  assert.equal(lines.pop(), '', 'a line of metrics is cut off');
  for (const line of lines) JSON.parse(line);
  const checkpoints = join(run, 'checkpoints');
  for (const name of existsSync(checkpoints) ? readdirSync(checkpoints) : [])
    if (/^\d+$/.test(name)) await verifyCheckpoint(join(checkpoints, name));
}

const PLACES: [name: string, is: (event: TrainEvent) => boolean][] = [
  [
    'while a generation is sampled',
    (event) => event.type === 'phase' && event.phase === 'generate' && event.step === 4,
  ],
  ['while a suite is evaluated', (event) => event.type === 'phase' && event.phase === 'evaluate' && event.step === 4],
  ['before a checkpoint', (event) => event.type === 'phase' && event.phase === 'save' && event.step === 4],
  ['after a step', (event) => event.type === 'step' && event.line.step === 3],
  ['after the last checkpoint', (event) => event.type === 'checkpoint' && event.step === MOST_STEPS],
];

describe('a disk that fills', () => {
  for (const [i, [name, is]] of PLACES.entries())
    it(`${name}: the run ends with IO_ERROR, nothing half-written, and goes on to the same bytes once there is room`, async (t) => {
      if (!mounted) {
        t.skip('needs the right to mount a small file system');
        return;
      }
      const run = join(disk, `run-${String(i)}`);
      const warnings: string[] = [];
      let full = false;
      const tell = (event: TrainEvent) => {
        if (event.type === 'warning') warnings.push(event.message);
        if (full || !is(event)) return;
        full = true;
        fill();
      };
      try {
        await assert.rejects(train(config(run), { tell, profile: true }), (error: { code: string; hint?: string }) => {
          assert.equal(error.code, 'IO_ERROR');
          assert.match(error.hint ?? '', /disk is full/);
          return true;
        });
        // The summary is a convenience, and so is the profile: they are missed with a word.
        assert.ok(!existsSync(join(run, 'summary.json')));
        assert.ok(
          warnings.some((text) => text.includes('npx glossa summary')),
          warnings.join('\n'),
        );
        await assertWhole(run);
        rmSync(filler());
        const { status } = await resume(run, (asked) => ({ config: asked, set: [] }));
        assert.equal(status, 'finished');
        await assertSameRun(run, join(root, 'whole'), name);
      } finally {
        rmSync(filler(), { force: true });
        rmSync(run, { recursive: true, force: true });
      }
    });
});
