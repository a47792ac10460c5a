// How long runs take side by side, and one after the other: node --import tsx scripts/bench_sweep.ts [--runs 16] [--steps 60]
// Everything counts, from the start of the command to its end. Quiet machine: both sides use all cores.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const GLOSSA = join(ROOT, 'bin', 'glossa.mjs');

const { runs, steps, size } = yargs(hideBin(process.argv))
  .usage('$0: runs of a sweep side by side, beside the same runs one after the other')
  .option('runs', { type: 'number', default: 16, describe: 'runs, each with a seed of its own' })
  .option('steps', { type: 'number', default: 60, describe: 'optimizer steps of a run' })
  .option('size', { choices: ['tiny', 'small', 'base'], default: 'tiny', describe: "of the laboratory's model" })
  .strict()
  .parseSync();

const dir = mkdtempSync(join(tmpdir(), 'glossa-bench-sweep-'));
try {
  const base = join(dir, 'base.yaml');
  writeFileSync(
    base,
    `model: { lab: { size: ${size}, seed: 1 }, cache: ${join(dir, 'lab')} }
data: { train: [{ lab: { language: ko, split: train } }] }
rewards: [{ name: accuracy }]
grpo: { max_steps: ${String(steps)}, prompts_per_step: 16, num_generations: 8, max_completion_length: 64 }
optimizer: { learning_rate: 4e-4 }
`,
  );
  const sweep = join(dir, 'sweep.yaml');
  // The laboratory's model is made once, whatever the seed, and is there before anything is timed.
  writeFileSync(sweep, `name: bench\nbase: base.yaml\nseeds: ${String(runs)}\n`);
  const glossa = (...args: string[]): number => {
    const began = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [GLOSSA, ...args], { encoding: 'utf8', cwd: dir });
    if (status !== 0) throw new Error(`glossa ${args.join(' ')}: ${stderr}`);
    return (performance.now() - began) / 1e3;
  };
  const train = (seed: number, threads: number, name: string, ...sets: string[]): number =>
    glossa(
      ...['train', base, '--progress', 'none', '--set', `seed=${String(seed)}`],
      ...['--set', `threads=${String(threads)}`, '--set', `run.dir=${join(dir, name)}`, ...sets],
    );
  train(1, 0, 'first', '--set', 'grpo.max_steps=1');
  const start = Math.min(...[1, 2, 3].map((i) => train(1, 0, `start-${String(i)}`, '--set', 'grpo.max_steps=1')));

  const cores = availableParallelism();
  const rows: { what: string; seconds: number }[] = [];
  for (let threads = 1; threads <= cores; threads *= 2) {
    let seconds = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const name = `alone-${String(threads)}-${String(seed)}`;
      seconds += train(seed, threads, name);
      rmSync(join(dir, name), { recursive: true });
    }
    rows.push({ what: `one after the other, ${String(threads)} threads each`, seconds });
  }
  const best = Math.min(...rows.map(({ seconds }) => seconds));
  for (const atOnce of [...new Set([cores, runs])]) {
    const out = join(dir, `sweep-${String(atOnce)}`);
    mkdirSync(out);
    const seconds = glossa('sweep', sweep, '--out', out, '--at-once', String(atOnce), '--progress', 'none');
    rows.push({ what: `side by side, ${String(atOnce)} at once`, seconds });
    rmSync(out, { recursive: true });
  }
  console.log(`${String(runs)} runs of ${String(steps)} steps, ${size}, on ${String(cores)} cores`);
  console.log(`a run of one step, from the command to its end: ${start.toFixed(2)} s`);
  for (const { what, seconds } of rows)
    console.log(
      `${what.padEnd(44)} ${seconds.toFixed(1).padStart(7)} s  ${(seconds / best).toFixed(2)} of the best one after the other`,
    );
  console.log(
    JSON.stringify({
      runs,
      steps,
      size,
      cores,
      start,
      rows: rows.map((row) => ({ ...row, ratio: row.seconds / best })),
    }),
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
