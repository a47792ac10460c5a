// Measures the tables of docs/performance.md anew and prints them as they stand there.
//   node scripts/measure_performance.mjs [--only engine,linear,large,beside,load,language,demo] [--runs 3] [--raw FILE]
//
// Each bench runs `--runs` times. A cell has the least and the greatest of what the runs gave; matrix products have the best. The
// machine should do nothing else: about 15 minutes on two cores, and 12 GB of memory for `large`. It needs `npm run build`.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import yargs from 'yargs';

const root = resolve(import.meta.dirname, '..');
const native = join(root, 'build/Release/glossa-native');
const main = join(root, 'bin/glossa.mjs');

const PARTS = { engine, linear, large, beside, load, language, demo };
const { only, runs, raw } = yargs(process.argv.slice(2))
  .options({
    only: { type: 'string', default: Object.keys(PARTS).join(','), describe: 'parts, separated by commas' },
    runs: { type: 'number', default: 3, describe: 'of each bench' },
    raw: { type: 'string', describe: 'file for what the benches printed, as JSON lines' },
  })
  .strict()
  .parseSync();
const asked = only.split(',');
const stray = asked.find((part) => !(part in PARTS));
if (stray !== undefined || !Number.isInteger(runs) || runs < 1) {
  console.error(
    stray === undefined
      ? '--runs: expected a number from 1 on'
      : `--only ${stray}: expected ${Object.keys(PARTS).join(', ')}`,
  );
  process.exit(2);
}
for (const file of [native, ...(asked.includes('demo') ? [main] : [])]) {
  if (existsSync(file)) continue;
  console.error(`no ${file}\nBuild it: npm run build`);
  process.exit(1);
}

const kept = [];
console.log(
  `${cpus().length} cores of ${cpus()[0].model}, load ${loadavg()[0].toFixed(2)}, ${new Date().toISOString().slice(0, 10)}\n`,
);
for (const part of asked) {
  const start = performance.now();
  PARTS[part]();
  console.error(`${part}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
if (raw !== undefined) writeFileSync(raw, kept.map((line) => `${line}\n`).join(''));

function engine() {
  const columns = ['f32', 'bf16'].map((dtype) => {
    const whole = benches(['engine', '--dtype', dtype]);
    const big = benches(['engine', '--model', '100m', '--what', 'train', '--dtype', dtype]);
    return [...whole, ...big].flatMap(({ results }) => results);
  });
  const rows = [...groups(columns.flat(), rowName).keys()].map((name) => [
    name,
    ...columns.map((results) => engineCell(results.filter((one) => rowName(one) === name))),
  ]);
  const peaks = span(columns.flat().map((one) => one.peak_gflops));
  table(['what', 'float32: tokens/s (of the peak)', 'bfloat16'], rows, `float32 peak ${peaks} GFLOP/s`);
}

function engineCell(results) {
  const ofPeak = `(${span(
    results.map((one) => one.percent_of_peak),
    percent,
  )} %)`;
  if (results[0].what === 'grpo step') return `${span(results.map((one) => one.seconds))} s ${ofPeak}`;
  return `${span(results.map((one) => one.tokens_per_s))} ${ofPeak}`;
}

function linear() {
  const results = benches(['linear']).flatMap((run) => run.results);
  const columns = [...groups(results, (one) => `${one.dtype}, ${one.threads} thread${one.threads === 1 ? '' : 's'}`)];
  const rows = [...groups(results, shapeName)].map(([name]) => [
    name,
    ...columns.map(([, of]) => `${percent(Math.max(...of.filter((one) => shapeName(one) === name).map(ofBound)))} %`),
  ]);
  const ceilings = columns.map(([name, of]) => {
    const [peak, read] = [of.map((one) => one.peak_gflops), of.map((one) => one.read_gbs)];
    return `${name}: ${span(peak)} GFLOP/s, memory read ${span(read)} GB/s`;
  });
  table(['shapes (m, n, k)', ...columns.map(([name]) => name)], rows, ceilings.join('; '));
}

/** Percent of the peak, or of what the bandwidth allows where the weights come from memory and that is less. */
function ofBound({ shape, dtype, m, n, k, best_gflops: got, peak_gflops: peak, read_gbs: read }) {
  if (!fromMemory(shape)) return (100 * got) / peak;
  const flops = 2 * m * n * k;
  const bytes = n * k * (dtype === 'f32' ? 4 : 2);
  return (100 * Math.max(flops / peak, bytes / read)) / (flops / got);
}

function large() {
  const all = benches(['engine', '--model', '0.5b', '--dtype', 'bf16']);
  const of = (what) => all.map(({ results }) => results.find((one) => one.what === what));
  const [decode, train] = [of('decode'), of('train')];
  const bounds = decode.map((one) => one.slots / (one.bound_ms / 1000));
  const reached = train.map((one) => one.tokens_per_s / (one.percent_of_rate / 100));
  const rows = [
    [
      'decode, 32 slots',
      `${span(decode.map((one) => one.tokens_per_s))} tokens/s`,
      `${span(bounds)} tokens/s`,
      `${span(
        decode.map((one) => one.percent_of_bound),
        percent,
      )} %`,
    ],
    [
      'training, 2 prompts x 8 completions x (32 + 64) tokens',
      `${span(train.map((one) => one.tokens_per_s))} tokens/s (${span(train.map((one) => one.seconds))} s)`,
      `${span(reached)} tokens/s`,
      `${span(
        train.map((one) => one.percent_of_rate),
        percent,
      )} %`,
    ],
    ['peak memory of both', `${span(all.map((one) => one.peak_rss_gb))} GB`, '', ''],
  ];
  const ceilings = `rate ${span(all.map((one) => one.gflops))} GFLOP/s, read bandwidth ${span(all.map((one) => one.gb_per_s))} GB/s`;
  table(['what', 'figure', 'bound', ''], rows, ceilings);
}

/** The 1 M model alone, and while a busy loop takes one core. */
function beside() {
  const alone = benches(['engine', '--model', '1m']).flatMap((run) => run.results);
  const loop = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  let busy;
  try {
    busy = benches(['engine', '--model', '1m']).flatMap((run) => run.results);
  } finally {
    loop.kill('SIGKILL');
  }
  const rows = [...groups(alone, (one) => one.what)].map(([what, quiet]) => {
    const [a, b] = [quiet, busy.filter((one) => one.what === what)].map((of) => of.map((one) => one.tokens_per_s));
    return [what, span(a), span(b), `${percent((100 * middle(b)) / middle(a))} %`];
  });
  table(['1m, float32', 'alone: tokens/s', 'with a core taken', 'keeps'], rows);
}

function load() {
  const seconds = (flags) => {
    const text = run(native, ['bench', 'load', '--reps', String(Math.max(3, runs)), ...flags]);
    return [...text.matchAll(/: ([\d.]+) s,.* ([\d.]+) x the weights/g)].map((found) => [
      Number(found[1]),
      Number(found[2]),
    ]);
  };
  const rows = [
    ['frozen', []],
    ['trainable', ['--trainable']],
  ].map(([name, flags]) => {
    const [first, ...later] = seconds(flags);
    return [name, `${round(first[0])} s`, `${span(later.map((one) => one[0]))} s`, `${round(first[1])} x`];
  });
  table(['988 MB of bfloat16', 'first of a process', 'later', 'peak, of the weights'], rows);
}

function language() {
  const all = times(() =>
    JSON.parse(run(process.execPath, ['--import', 'tsx', 'scripts/bench_language.ts', '--json'])),
  );
  const rowsOf = (field, note) =>
    Object.keys(all[0][field]).map((name) => [`${name}${note}`, `${span(all.map((one) => one[field][name].cpu))} s`]);
  const rows = [...rowsOf('seconds', ''), ...rowsOf('new_text', ', nothing comes twice')];
  table(['10,000 completions', 'processor time'], rows, `text: ${all[0].text}`);
}

function demo() {
  const folder = mkdtempSync(join(tmpdir(), 'glossa-demo-'));
  try {
    const text = run(process.execPath, [main, 'demo', '--out', join(folder, 'runs'), '--json', '--progress', 'none']);
    const { wall_s: seconds, peak_rss_mb: megabytes } = JSON.parse(text.trim().split('\n').at(-1));
    console.log(`The whole demo, set-up done: ${round(seconds)} s, ${round(megabytes)} MB\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a bench printed last, of each run. */
function benches(args) {
  return times(() =>
    JSON.parse(
      run(native, ['bench', ...args, '--json'])
        .trim()
        .split('\n')
        .at(-1),
    ),
  );
}

function run(program, args) {
  const text = execFileSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  });
  kept.push(JSON.stringify({ args, text }));
  return text;
}

function times(measure) {
  return Array.from({ length: runs }, measure);
}

function rowName({ model, what, parameters: n }) {
  return `${model}, ${(n / 1e6).toPrecision(n < 1e6 ? 2 : 3)} M: ${what}`;
}

function shapeName({ op, shape, m, n, k }) {
  const what = fromMemory(shape) ? ' (weights from memory)' : op === 'outer' ? ' (weight gradient)' : '';
  return `${shape}: ${m}, ${n}, ${k}${what}`;
}

function fromMemory(shape) {
  return shape.startsWith('0.5B decode');
}

function groups(values, key) {
  const found = new Map();
  for (const value of values) found.set(key(value), [...(found.get(key(value)) ?? []), value]);
  return found;
}

function middle(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** `5` or `4 to 6`. */
function span(values, show = round) {
  const [least, most] = [show(Math.min(...values)), show(Math.max(...values))];
  return least === most ? least : `${least} to ${most}`;
}

/** Three digits, with commas. */
function round(value) {
  if (value < 100) return value.toFixed(value < 1 ? 2 : 1);
  const step = 10 ** (Math.floor(Math.log10(value)) - 2);
  return (Math.round(value / step) * step).toLocaleString('en-US');
}

function percent(value) {
  return String(Math.round(value));
}

function table(heads, rows, below) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = line(heads.map((_, i) => (i === 0 ? '---' : '---:')));
  console.log(`${[line(heads), rule, ...rows.map(line)].join('\n')}\n`);
  if (below !== undefined) console.log(`${below}\n`);
}
