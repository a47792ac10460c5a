import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
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

/** A user's module, whose types a compiler checks in a folder that has the package. */
const MODULE = `
import type { GroupRewardFunction, RewardFunction, RewardInput, VerifierFunction } from 'glossa';
export const brevity: RewardFunction = ({ completion, ids, problem, settings }: RewardInput) =>
  problem.row?.['level'] === 3 && settings['on'] === true && ids.length > 0 ? 1 / (1 + completion.length) : null;
export const judge: VerifierFunction = async ({ completion, problem }) => completion.endsWith(problem.answer);
export const calls = 'group';
const rank: GroupRewardFunction = (inputs) => inputs.map(({ sample, group, step, finish, correct }) =>
  correct === null || finish === 'cancelled' ? null : sample + group + step);
export default rank;
`;

describe('the package', () => {
  it('gives a reward module its types, which a compiler holds it to', { skip }, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'glossa-types-'));
    await mkdir(join(dir, 'node_modules'));
    await symlink(ROOT, join(dir, 'node_modules', 'glossa'));
    await writeFile(join(dir, 'rank.mts'), MODULE);
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', '--module', 'nodenext'];
    const compile = (file: string) =>
      run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options, file], { cwd: dir });
    await compile('rank.mts');
    await writeFile(join(dir, 'wrong.mts'), MODULE.replace('1 / (1 + completion.length)', "'short'"));
    await assert.rejects(compile('wrong.mts'), (error: { stdout?: string }) => {
      assert.match(error.stdout!, /wrong\.mts\(3,14\): error TS2322: .*"short".* is not assignable/s);
      return true;
    });
    await rm(dir, { recursive: true });
  });

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
