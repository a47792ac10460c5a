import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { IN_SUITE, killConfigs } from './kill_configs.js';
import { assertSameRun, broken, unbroken } from './kills.js';
import { splitmix } from './splitmix.js';

/** Of each run; npm run test:kills kills as often as one likes. */
const KILLS = 3;

let root: string;
/** Filled by the first run. */
const cache = join(tmpdir(), `glossa-resume-lab-${String(process.pid)}`);
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-resume-'));
});
after(async () => {
  for (const dir of [root, cache]) await rm(dir, { recursive: true, force: true });
});

describe('resume', () => {
  const configs = killConfigs(cache);
  for (const [i, name] of IN_SUITE.entries())
    it(`${name}: after kill -9 at random instants, with other threads and micro-batches, gives the bytes of the unbroken run`, async (t) => {
      const [whole, run] = ['whole', 'run'].map((each) => join(root, `${each}-${String(i)}`)) as [string, string];
      const config = configs[name]!;
      const told = await unbroken(config, whole);
      const seed = Date.now() % 1e6;
      const kills = await broken(config, run, { kills: KILLS, ...told, random: splitmix(seed) });
      t.diagnostic(
        `seed ${String(seed)}: killed after ${kills.map(({ after: at, delay }) => `${at} + ${String(delay)} ms`).join(', ')}`,
      );
      await assertSameRun(run, whole, `${name}, seed ${String(seed)}: ${JSON.stringify(kills)}`);
    });
});
