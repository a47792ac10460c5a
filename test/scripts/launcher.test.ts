import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'glossa-launcher-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

/** A checkout with nothing built, or with `main` as the built program. */
function checkout(main?: string): string {
  const root = mkdtempSync(join(dir, 'checkout-'));
  cpSync(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  if (main !== undefined) {
    mkdirSync(join(root, 'dist', 'bundle'), { recursive: true });
    writeFileSync(join(root, 'dist', 'bundle', 'main.js'), main);
  }
  return root;
}

function npx(root: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('npx', ['--yes', '--offline', 'glossa', 'doctor', '--json'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, HOME: root, npm_config_cache: join(root, 'cache'), npm_config_update_notifier: 'false' },
  });
  return { status, output: stdout + stderr };
}

describe('npx glossa in a checkout', () => {
  it('says what to run before the first build, and works after it', () => {
    const root = checkout();
    const before = npx(root);
    assert.equal(before.status, 1);
    assert.match(before.output, /error NOT_BUILT: .*\n {2}npm run build/);

    mkdirSync(join(root, 'dist', 'bundle'), { recursive: true });
    writeFileSync(join(root, 'dist', 'bundle', 'main.js'), 'console.log(process.argv.slice(2).join(" "));');
    const after = npx(root);
    assert.equal(after.status, 0, after.output);
    assert.match(after.output, /doctor --json/);
  });

  it('tells an old Node which one is needed', () => {
    const launcher = join(checkout('console.log("started")'), 'bin', 'glossa.mjs');
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.0' } });
        await import(${JSON.stringify(launcher)});`,
      ],
      { encoding: 'utf8' },
    );
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /glossa needs Node 20\.19 or later; this is 18\.20\.0/);
  });

  it('is the file that package.json names', () => {
    const { bin } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    assert.deepEqual(bin, { glossa: 'bin/glossa.mjs' });
  });
});
