import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { stringify } from 'yaml';
import { parseConfig, type ResolvedConfig } from '../../src/config/index.js';
import { readMetrics, runFolder } from '../../src/run/index.js';
import { train } from '../../src/trainer/index.js';
import type { TraceEvent } from '../../src/trainer/trace_file.js';
import { glossa, start } from '../e2e/glossa.js';
import { assertSameRun } from '../e2e/kills.js';
import { tinyBase } from '../sweep/sweep_file.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-profile-'));
});
after(() => rm(root, { recursive: true, force: true }));

const raw = (dir: string, steps: number) => {
  const { data, ...base } = tinyBase(join(root, 'lab'));
  return {
    ...base,
    rewards: [{ name: 'accuracy' }],
    data: { ...data, eval: [{ name: 'held-out', lab: { split: 'test', language: 'ko' }, limit: 4 }] },
    grpo: { ...base.grpo, max_steps: steps, beta: 0.1 },
    eval: { every: 2 },
    run: { dir, name: 'profiled' },
  };
};
const config = (dir: string): ResolvedConfig => parseConfig(JSON.stringify(raw(dir, 4)), { path: 'p.yaml', sets: [] });
const read = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as TraceEvent[];

describe('a profile', () => {
  it('has every phase of every step with the times that the metrics have, and changes no bit', async () => {
    const [plain, profiled] = [join(root, 'plain'), join(root, 'profiled')];
    await train(config(plain));
    await train(config(profiled), { profile: true });
    await assertSameRun(profiled, plain, 'with a profile');
    assert.ok(!existsSync(runFolder(plain).profile));

    const events = await read(runFolder(profiled).profile);
    const lines = await readMetrics(runFolder(profiled).metrics);
    const track = (name: string) =>
      events.find((event) => event.name === 'thread_name' && event.args?.['name'] === name)!.tid;
    const spans = events.filter((event) => event.ph === 'X' && event.tid === track('trainer'));
    const seconds = (name: string, step: number) => {
      const found = spans.filter((span) => span.name === name && span.args?.['step'] === step);
      assert.equal(found.length, 1, `${name} of step ${String(step)}`);
      return found[0]!.dur! / 1e6;
    };
    for (const line of lines.filter(({ step }) => step > 0)) {
      for (const phase of ['generate', 'grade', 'reference', 'forward', 'backward', 'optimizer'] as const) {
        const told = line[`time/${phase}`]!;
        // Levers and advantages count as grading in the metrics.
        const parts = phase === 'grade' ? ['grade', 'levers', 'advantages'] : [phase];
        const drawn = parts.reduce((sum, part) => sum + seconds(part, line.step), 0);
        assert.ok(Math.abs(drawn - told) < 2e-5, `${phase} of step ${String(line.step)}`);
      }
      assert.ok(seconds('train', line.step) <= line['time/train']! + 2e-5);
    }
    for (const step of [0, 2, 4]) seconds('evaluate', step);
    for (const step of [2, 4]) seconds('save', step);
    // Phases follow each other; those within training lie in it.
    const inner = ['forward', 'backward', 'optimizer'];
    const outer = spans.filter(({ name }) => !inner.includes(name)).sort((a, b) => a.ts - b.ts);
    for (const [i, span] of outer.slice(1).entries()) assert.ok(span.ts >= outer[i]!.ts + outer[i]!.dur! - 2);
    for (const span of spans.filter(({ name }) => inner.includes(name))) {
      const around = outer.find(({ name, args }) => name === 'train' && args?.['step'] === span.args?.['step'])!;
      assert.ok(span.ts >= around.ts - 1 && span.ts + span.dur! <= around.ts + around.dur! + 2);
    }
    const grading = events.filter((event) => event.ph === 'X' && event.tid === track('grading, main thread'));
    assert.equal(
      grading.reduce((sum, { args }) => sum + (args!['completions'] as number), 0),
      4 * 8 + 3 * 4,
    );
    const counted = events.filter(({ ph, name }) => ph === 'C' && name === 'tokens trained on');
    assert.deepEqual(
      counted.map(({ args }) => args!['tokens']),
      lines.filter(({ step }) => step > 0).map((line) => line.num_tokens),
    );
  });

  it('of a run that is killed is whole JSON', async () => {
    const dir = join(root, 'killed');
    const path = join(root, 'killed.yaml');
    await writeFile(path, stringify(raw(dir, 100_000)));
    const file = join(root, 'elsewhere.json');
    const { child, ended } = start(['train', path, `--profile=${file}`, '--progress', 'none']);
    try {
      for (let tries = 0; !(existsSync(file) && (await readFile(file, 'utf8')).includes('"train"')); tries++) {
        assert.ok(tries < 600, 'nothing was written');
        await wait(100);
      }
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
    const events = await read(file);
    assert.ok(events.some(({ name }) => name === 'train'));
    const summary = JSON.parse((await glossa(['summary', dir])).stdout) as { status: string; steps: { made: number } };
    assert.equal(summary.status, 'interrupted');
    assert.ok(summary.steps.made > 0);
    assert.ok(!existsSync(runFolder(dir).summary));
  });

  it('never takes the place of another file', async () => {
    const path = join(root, 'mine.yaml');
    const dir = join(root, 'refused');
    await writeFile(path, stringify(raw(dir, 2)));
    const { code, stderr } = await glossa(['train', path, '--profile', path, '--progress', 'none']);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /error USAGE: .*mine\.yaml is there, and is not a profile/);
    assert.ok(!existsSync(dir), 'nothing is begun');
    const swallowed = await glossa(['train', '--profile', path]);
    assert.match(
      swallowed.stderr,
      /error USAGE: .*\n.*a word after --profile is its file: npx glossa train .*mine\.yaml --profile/,
    );
  });
});
