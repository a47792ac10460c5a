// A sweep of many laboratory runs, killed again and again (kill -9: the sweep, single runs, all at once), must end with the bytes
// of the same sweep that nothing disturbed.
//   node --import tsx scripts/kill_sweep.ts [--runs 64] [--kills 10] [--out runs/kill-sweep] [--seed 1]
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import yargs from 'yargs';
import { glossa } from '../test/e2e/glossa.js';
import { assertSameRuns, killedSweep, VICTIMS } from '../test/sweep/kill.js';
import { tinyBase } from '../test/sweep/sweep_file.js';

const { runs, kills, seed, ...given } = yargs(process.argv.slice(2))
  .options({
    runs: { type: 'number', default: 64, describe: 'of the sweep' },
    kills: { type: 'number', default: 10, describe: 'at random instants' },
    out: { type: 'string', default: 'runs/kill-sweep', describe: 'folder of both sweeps' },
    seed: { type: 'number', default: 1, describe: 'of the instants and of what is killed' },
  })
  .strict()
  .parseSync();

const out = resolve(given.out);

// A linear congruential generator (Numerical Recipes): the plan of kills can be made again, what they meet cannot.
let state = seed;
const random = () => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
const say = (text: string) => process.stdout.write(`${text}\n`);

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const file = join(out, 'sweep.yaml');
await writeFile(
  file,
  stringify({ name: 'kill-sweep', base: tinyBase(join(out, 'lab')), seeds: runs, local: { retries: kills } }),
);
const sweep = (folder: string) => ['sweep', file, '--out', join(out, folder), '--progress', 'plain'];

const began = performance.now();
const whole = await glossa(sweep('whole'));
if (whole.code !== 0) throw new Error(whole.stderr);
const seconds = (performance.now() - began) / 1e3;
say(`${String(runs)} runs that nothing disturbed: ${seconds.toFixed(1)} s`);

const killed = await killedSweep({
  args: sweep('killed'),
  out: join(out, 'killed'),
  victims: Array.from({ length: kills }, () => VICTIMS[Math.floor(random() * VICTIMS.length)]!),
  // Spread over the time that the sweep takes.
  delay: () => 2e3 * (seconds / (kills + 1)) * random(),
  random,
  tell: say,
});
if (killed.code !== 0) throw new Error(killed.stderr);
const same = await assertSameRuns(join(out, 'killed'), join(out, 'whole'));
say(
  `${String(same)} runs killed ${String(killed.met)} times while they went on: weights, optimizer states, rollouts and metrics are the same bytes`,
);
