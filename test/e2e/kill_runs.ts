import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { splitmix } from './splitmix.js';
import { killConfigs } from './kill_configs.js';
import { assertSameRun, broken, unbroken, type Kill } from './kills.js';

/*
 * npm run test:kills -- [--kills N, of each config] [--a-run N] [--only NAME] [--seed N]
 * Kills runs at random instants, goes on with them, and compares each with the unbroken run, byte by byte.
 */
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '25' },
    'a-run': { type: 'string', default: '5' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
  },
});
const random = splitmix(Number(values.seed));
const root = await mkdtemp(join(tmpdir(), 'glossa-kills-'));
const say = (text: string) => process.stdout.write(`${text}\n`);
try {
  for (const [name, config] of Object.entries(killConfigs(join(root, 'lab')))) {
    if (values.only !== undefined && values.only !== name) continue;
    const whole = join(root, 'whole');
    await rm(whole, { recursive: true, force: true });
    const told = await unbroken(config, whole);
    const kills: Kill[] = [];
    for (let run = 0; kills.length < Number(values.kills); run++) {
      const dir = join(root, `run-${String(run)}`);
      const made = await broken(config, dir, { kills: Number(values['a-run']), ...told, random });
      await assertSameRun(dir, whole, `${name}, run ${String(run)}: ${JSON.stringify(made)}`);
      kills.push(...made);
      say(
        `${name}, run ${String(run)}: killed after ${made.map(({ after, delay }) => `${after} + ${String(delay)} ms`).join(', ')}: the same bytes`,
      );
      await rm(dir, { recursive: true });
    }
    const places = new Map<string, number>();
    for (const { after } of kills) places.set(after, (places.get(after) ?? 0) + 1);
    say(
      `${name}: ${String(kills.length)} kills (${[...places].map(([place, n]) => `${String(n)} after ${place}`).join(', ')}), every run the bytes of the unbroken one`,
    );
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
