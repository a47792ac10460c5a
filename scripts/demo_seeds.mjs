// Runs the demo with several seeds and holds each against what it must show (docs/lab.md).
//   node scripts/demo_seeds.mjs [--seeds 1,2,3,4,5] [--out runs/demo-seeds]
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import yargs from 'yargs';

const root = resolve(import.meta.dirname, '..');
const main = join(root, 'bin/glossa.mjs');
if (!existsSync(main)) {
  console.error(`no ${main}\nBuild it: npm run build`);
  process.exit(1);
}
const { seeds, out } = yargs(process.argv.slice(2))
  .options({
    seeds: { type: 'string', default: '1,2,3,4,5', describe: 'seeds, separated by commas' },
    out: { type: 'string', default: 'runs/demo-seeds', describe: 'folder of the runs' },
  })
  .strict()
  .parseSync();

/** Name, the number looked at, and whether it is as it must be. */
const BOUNDS = [
  ['base accuracy 20 to 50 %', ({ base }) => base.accuracy, (x) => x >= 0.2 && x <= 0.5],
  ['gain >= 30 points', ({ base, grpo }) => grpo.accuracy - base.accuracy, (x) => x >= 0.3],
  ['Korean of right answers < 10 %', ({ grpo }) => grpo.target_wr_rewarded, (x) => x < 0.1],
  ['with the reward, Korean > 90 %', ({ language_reward: run }) => run.target_wr, (x) => x > 0.9],
  ['price in accuracy > 0', ({ grpo, language_reward: run }) => grpo.accuracy - run.accuracy, (x) => x > 0],
  ['control, Korean > 90 %', ({ control }) => control.target_wr, (x) => x > 0.9],
  ['under 90 s', ({ wall_s: seconds }) => seconds, (x) => x < 90],
  ['under 1000 MB', ({ peak_rss_mb: megabytes }) => megabytes, (x) => x < 1000],
];

let missed = 0;
for (const seed of seeds.split(',')) {
  const folder = join(out, seed);
  const output = execFileSync(
    process.execPath,
    [main, 'demo', '--seed', seed, '--out', folder, '--json', '--progress', 'none'],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const result = JSON.parse(output.trim().split('\n').at(-1));
  console.log(`seed ${seed}`);
  for (const [name, read, holds] of BOUNDS) {
    const value = read(result);
    if (!holds(value)) missed++;
    console.log(`  ${holds(value) ? 'yes' : 'NO '} ${name}: ${value.toFixed(3)}`);
  }
}
process.exitCode = missed === 0 ? 0 : 1;
