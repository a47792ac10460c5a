import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { parseConfig, type ResolvedConfig } from '../../src/config/index.js';
import { readMetrics, runFolder, type MetricsLine } from '../../src/run/index.js';
import { resume, train, type TrainEvent, type TrainResult } from '../../src/trainer/index.js';
import { filesBelow, lastingMetrics } from '../e2e/glossa.js';

/** Runs of the laboratory's model, hardly trained, in a folder that goes when the tests of the file are done. */
export interface Lab {
  config(...sets: string[]): ResolvedConfig;
  /** A place in the folder. */
  path(name: string): string;
  /** A module in the folder; its path. */
  module(name: string, text: string): Promise<string>;
  run(...sets: string[]): Promise<{ config: ResolvedConfig; result: TrainResult; lines: MetricsLine[] }>;
  /** Stops after `step`, goes on with `more`, and must end with the bytes of the run that never stopped. */
  assertResumes(sets: readonly string[], step: number, more?: readonly string[]): Promise<ResolvedConfig>;
}

export function makeLab(base: string): Lab {
  let root = '';
  let count = 0;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'glossa-lab-'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  const config: Lab['config'] = (...sets) => {
    const name = `run-${String(count++)}`;
    const all = [`model.cache=${join(root, 'lab')}`, `run.dir=${join(root, name)}`, ...sets];
    return parseConfig(base, { path: `${name}.yaml`, sets: all });
  };
  return {
    config,
    path: (name) => join(root, name),
    async module(name, text) {
      const path = join(root, `${name}.mjs`);
      await writeFile(path, text);
      return path;
    },
    async run(...sets) {
      const asked = config(...sets);
      const result = await train(asked);
      return { config: asked, result, lines: await readMetrics(runFolder(asked.run.dir).metrics) };
    },
    async assertResumes(sets, step, more = []) {
      const [whole, broken] = [config(...sets), config(...sets)];
      await train(whole);
      const stop = new AbortController();
      const tell = (event: TrainEvent) => {
        if (event.type === 'step' && event.line.step === step) stop.abort();
      };
      assert.equal((await train(broken, { stop: stop.signal, tell })).status, 'interrupted');
      const changed = (asked: ResolvedConfig) =>
        more.length === 0 ? asked : { ...asked, ...config(...sets, ...more), run: asked.run };
      assert.equal((await resume(broken.run.dir, (asked) => ({ config: changed(asked), set: [] }))).status, 'finished');
      assert.deepEqual(await lastingMetrics(broken.run.dir), await lastingMetrics(whole.run.dir));
      const [a, b] = await Promise.all([whole, broken].map(({ run }) => filesBelow(run.dir)));
      for (const [file, bytes] of a!)
        if (/^(checkpoints|rollouts|eval|final|references?)\b/.test(file))
          assert.ok(b!.get(file)?.equals(bytes), `${file} differs`);
      return whole;
    },
  };
}
