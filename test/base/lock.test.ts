import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { tryLock } from '../../src/base/lock.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-lock-'));
});
after(() => rm(root, { recursive: true, force: true }));

const holder = (pid: number) => JSON.stringify({ pid, host: hostname(), born: null });
const gone = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), born: '1' });

describe('a lock file', () => {
  it('is had by one, names its process, and is free again when given back', async () => {
    const path = join(root, 'a.lock');
    const first = await tryLock(path);
    assert.ok(first.taken);
    const second = await tryLock(path);
    assert.equal(second.taken, false);
    assert.equal(second.taken || second.holder?.pid, process.pid);
    await first.release();
    assert.ok((await tryLock(path)).taken);
  });

  it('of a process that is gone, or that never got to write its name, is taken over', async () => {
    for (const text of [gone, '', '{"pid"', 'null', ...[0, -1, 1.5, 1e300].map(holder)]) {
      const path = join(root, 'b.lock');
      await writeFile(path, text);
      const lock = await tryLock(path);
      assert.ok(lock.taken, text);
      await lock.release();
    }
  });

  it('is taken over though a process was killed in the middle of doing so', async () => {
    const path = join(root, 'e.lock');
    await writeFile(path, gone);
    await writeFile(`${path}.breaking`, '');
    assert.equal((await tryLock(path)).taken, false, 'it may be at it');
    const tomorrow = Date.now() / 1000 + 86_400;
    for (const time of [1, tomorrow]) {
      await writeFile(path, gone);
      await writeFile(`${path}.breaking`, '');
      await utimes(path, time, time);
      await utimes(`${path}.breaking`, time, time);
      const lock = await tryLock(path);
      assert.ok(lock.taken, String(time));
      await lock.release();
    }
  });

  it('is refused where something else has its name, which could be waited for or read without end', async () => {
    const [fifo, device, folder, nowhere] = ['fifo', 'device', 'folder', 'nowhere'].map((name) =>
      join(root, `${name}.lock`),
    );
    execFileSync('mkfifo', [fifo!]);
    await symlink('/dev/zero', device!);
    await mkdir(folder!);
    await symlink('/nowhere-at-all', nowhere!);
    for (const path of [fifo!, device!, folder!, nowhere!]) {
      await assert.rejects(tryLock(path), { code: 'NOT_A_FILE' }, path);
      await rm(path, { recursive: true });
    }
  });

  it('of another machine is never taken over', async () => {
    const path = join(root, 'c.lock');
    await writeFile(path, JSON.stringify({ pid: 1, host: `not-${hostname()}`, born: null }));
    assert.equal((await tryLock(path)).taken, false);
  });

  it('is taken over by one of many, and nothing is left beside it', async () => {
    for (let round = 0; round < 20; round++) {
      const path = join(root, `d${String(round)}.lock`);
      await writeFile(path, gone);
      const locks = await Promise.all(Array.from({ length: 12 }, () => tryLock(path)));
      assert.equal(locks.filter(({ taken }) => taken).length, 1);
      assert.equal((JSON.parse(await readFile(path, 'utf8')) as { pid: number }).pid, process.pid);
    }
    assert.ok((await readdir(root)).every((name) => name.endsWith('.lock')));
  });
});
