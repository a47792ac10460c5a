import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commitOf } from '../../src/run/commit.js';

const dir = mkdtempSync(join(tmpdir(), 'glossa-commit-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

const git = (at: string, ...args: string[]) =>
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgsign=false', ...args], {
    cwd: at,
    encoding: 'utf8',
    stdio: 'pipe',
  }).trim();
const hasGit = (() => {
  try {
    return git(dir, '--version') !== '';
  } catch {
    return false;
  }
})();

test(
  'the commit is what git says, of a branch, packed, detached, and in a worktree',
  { skip: !hasGit && 'no git here' },
  () => {
    assert.equal(commitOf(dir), undefined, 'no checkout');
    git(dir, 'init', '-q');
    assert.equal(commitOf(dir), undefined, 'no commit yet');
    writeFileSync(join(dir, 'a'), '1');
    git(dir, 'add', 'a');
    git(dir, 'commit', '-qm', 'one');
    const head = git(dir, 'rev-parse', 'HEAD');
    assert.equal(commitOf(dir), head);
    git(dir, 'pack-refs', '--all');
    assert.equal(commitOf(dir), head, 'packed');
    const tree = join(dir, 'tree');
    git(dir, 'worktree', 'add', '-q', tree, '-b', 'other');
    git(tree, 'commit', '-q', '--allow-empty', '-m', 'two');
    assert.equal(commitOf(tree), git(tree, 'rev-parse', 'HEAD'), 'in a worktree');
    assert.equal(commitOf(dir), head);
    git(dir, 'checkout', '-q', '--detach');
    assert.equal(commitOf(dir), head, 'detached');
  },
);
