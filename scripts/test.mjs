// `npm test`: the native tests, then every test/**/*.test.ts; at the end what was skipped, and why.
//   node scripts/test.mjs [path ...]     only these files or folders, without the native tests
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { RELEASE, ROOT } from './setup/paths.mjs';

/** A test that hangs fails by its name in place of holding up all others; the longest takes a minute on two cores. */
const TIMEOUT = '--test-timeout=600000';

function testFiles(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => {
      const child = join(path, name);
      return statSync(child).isDirectory() || name.endsWith('.test.ts') ? testFiles(child) : [];
    });
}

/** Processes that tests run in: node's own default leaves a core idle, which of two is half. */
const JOBS = String(Math.max(2, availableParallelism() - 1));

/** Runs a command whose output is shown, and `listen` hears its standard output too. */
function run(command, args, listen) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['inherit', listen ? 'pipe' : 'inherit', 'inherit'] });
    child.stdout?.on('data', (piece) => {
      process.stdout.write(piece);
      listen(piece);
    });
    child.on('error', (error) => {
      console.error(error.message);
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
}

/** What glossa-native says of what it skipped: a test's name, and below it the reason. */
function nativeSkips(output) {
  const skips = [];
  let name = '';
  for (const line of output.split('\n')) {
    const reason = /^ {2}skipped: (.*)$/.exec(line)?.[1];
    if (reason !== undefined) skips.push({ name: `native: ${name}`, reason });
    else if (!line.startsWith(' ')) name = line;
  }
  return skips;
}

function tellSkips(skips) {
  if (skips.length === 0) return console.log('\nno test was skipped');
  console.log(`\n${String(skips.length)} tests, or groups of tests, were skipped:`);
  for (const reason of new Set(skips.map((skip) => skip.reason))) {
    console.log(`  ${reason}`);
    for (const { name } of skips.filter((skip) => skip.reason === reason)) console.log(`    - ${name}`);
  }
}

async function nativeTests() {
  const said = [];
  const passed = await run(join(RELEASE, 'glossa-native'), ['test', '--jobs', JOBS], (piece) => said.push(piece));
  if (!passed) console.error('the native tests failed: see above, or run build/Release/glossa-native test');
  return { passed, skips: nativeSkips(Buffer.concat(said).toString()) };
}

async function typeScriptTests(files) {
  const dir = mkdtempSync(join(tmpdir(), 'glossa-skipped-'));
  try {
    const list = join(dir, 'skipped.jsonl');
    const reporters = ['spec', 'stdout', join(ROOT, 'scripts', 'skipped_reporter.mjs'), list];
    const options = reporters.map((value, i) => `--test-reporter${i % 2 === 0 ? '' : '-destination'}=${value}`);
    const passed = await run(process.execPath, [
      '--import',
      'tsx',
      '--test',
      TIMEOUT,
      `--test-concurrency=${JOBS}`,
      ...options,
      ...files,
    ]);
    const lines = readFileSync(list, 'utf8').split('\n').filter(Boolean);
    return { passed, skips: lines.map((line) => JSON.parse(line)) };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const asked = process.argv.slice(2);
const files = (asked.length > 0 ? asked : [join(ROOT, 'test')]).flatMap(testFiles).map((path) => relative(ROOT, path));
const results = [...(asked.length > 0 ? [] : [await nativeTests()]), await typeScriptTests(files)];
tellSkips(results.flatMap(({ skips }) => skips));
process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
