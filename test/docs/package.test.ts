import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { ROOT } from '../e2e/glossa.js';

const run = promisify(execFile);
const built = existsSync(join(ROOT, 'dist', 'index.js'));
const skip = built ? false : 'dist is not built: npm run build';

/** What a program gets from the package, and what the native module under it says. */
const PROGRAM = `
import { measureLanguage, nativeInfo, GlossaError, train } from 'glossa';
console.log(JSON.stringify([measureLanguage('사과 apple', 'ko').words.ko, typeof nativeInfo().version, typeof train, new GlossaError('X', 'y').code]));
`;

describe('the package', () => {
  it('can be imported in the checkout', { skip }, async () => {
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', PROGRAM], { cwd: ROOT });
    assert.equal(stdout, '[1,"string","function","X"]\n');
  });

  it('can be packed, and imported and run where it is installed', { skip }, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'glossa-package-'));
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: ROOT });
    const [tarball] = await readdir(dir);
    const modules = join(dir, 'node_modules');
    await mkdir(modules);
    await run('tar', ['xzf', join(dir, tarball!), '-C', modules]);
    for (const name of await readdir(join(ROOT, 'node_modules')))
      if (!name.startsWith('.')) await symlink(join(ROOT, 'node_modules', name), join(modules, name));
    await run('mv', [join(modules, 'package'), join(modules, 'glossa')]);
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', PROGRAM], { cwd: dir });
    assert.equal(stdout, '[1,"string","function","X"]\n');
    const program = join(modules, 'glossa', 'bin', 'glossa.mjs');
    assert.match((await run(process.execPath, [program, '--version'], { cwd: dir })).stdout, /^\d+\.\d+\.\d+\n$/);
    await rm(dir, { recursive: true });
  });
});
