import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { makeFolder } from '../../src/base/folder.js';

const root = mkdtempSync(join(tmpdir(), 'glossa-folder-'));
after(() => {
  rmSync(root, { recursive: true, force: true });
});

describe('makeFolder', () => {
  it('makes what is not there, and says what it made', async () => {
    const dir = join(root, 'a/b/c');
    assert.deepEqual(await makeFolder(dir), [join(root, 'a'), join(root, 'a/b'), dir]);
    assert.deepEqual(await makeFolder(dir), []);
    assert.ok(statSync(dir).isDirectory());
  });

  it('lets many make one folder at a time', async () => {
    const dir = join(root, 'd/e/f');
    const made = await Promise.all(Array.from({ length: 10 }, () => makeFolder(dir)));
    assert.equal(made.flat().length, 3);
  });

  it('says so where there is a file in the way', async () => {
    writeFileSync(join(root, 'file'), '');
    for (const dir of [join(root, 'file'), join(root, 'file/below'), join(root, 'file/below/it')])
      await assert.rejects(makeFolder(dir), { code: 'IO_ERROR', message: /file/ });
  });

  it('ends where the system will have no folder', { timeout: 5000, skip: process.platform !== 'linux' }, async () => {
    for (const dir of ['/proc/glossa/run', '/proc/self/glossa', '/sys/glossa/run'])
      await assert.rejects(makeFolder(dir), { code: 'IO_ERROR' });
  });
});
