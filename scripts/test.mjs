// `npm test`: the native tests, then every test/**/*.test.ts.
//   node scripts/test.mjs [path ...]     only these files or folders, without the native tests
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
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

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error) console.error(error.message);
  return status === 0;
}

const asked = process.argv.slice(2);
const files = (asked.length > 0 ? asked : [join(ROOT, 'test')]).flatMap(testFiles).map((path) => relative(ROOT, path));
const native = asked.length > 0 || run(join(RELEASE, 'glossa-native'), ['test']);
const typeScript = run(process.execPath, ['--import', 'tsx', '--test', TIMEOUT, '--test-reporter=spec', ...files]);
if (!native) console.error('the native tests failed: see above, or run build/Release/glossa-native test');
process.exitCode = native && typeScript ? 0 : 1;
