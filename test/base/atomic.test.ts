import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { ioError, writeFileAtomic } from '../../src/base/atomic.js';
import { GlossaError } from '../../src/base/error.js';

const dir = mkdtempSync(join(tmpdir(), 'glossa-atomic-'));
after(() => {
  rmSync(dir, { recursive: true, force: true });
});

describe('writeFileAtomic', () => {
  it('replaces the content of a file and leaves nothing else in the folder', async () => {
    const folder = mkdtempSync(join(dir, 'a-'));
    const path = join(folder, 'x.json');
    await writeFileAtomic(path, 'old');
    await writeFileAtomic(path, new TextEncoder().encode('한국어'));
    assert.equal(readFileSync(path, 'utf8'), '한국어');
    assert.deepEqual(readdirSync(folder), ['x.json']);
  });

  it('lets concurrent writers of one file each win whole', async () => {
    const folder = mkdtempSync(join(dir, 'b-'));
    const path = join(folder, 'x');
    const contents = Array.from({ length: 8 }, (_, i) => String(i).repeat(100_000));
    await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
    assert.ok(contents.includes(readFileSync(path, 'utf8')));
    assert.deepEqual(readdirSync(folder), ['x']);
  });

  it('names the file and the remedy where the folder is missing', async () => {
    const path = join(dir, 'no-such-folder', 'x');
    await assert.rejects(writeFileAtomic(path, 'x'), (error: unknown) => {
      assert.ok(error instanceof GlossaError);
      assert.equal(error.code, 'IO_ERROR');
      assert.ok(error.message.includes(path));
      assert.match(error.hint ?? '', /Create the folder/);
      return true;
    });
  });

  it('keeps the old state and removes its temporary file where the rename fails', async () => {
    const folder = mkdtempSync(join(dir, 'c-'));
    const path = join(folder, 'taken');
    mkdirSync(path);
    writeFileSync(join(path, 'kept'), 'kept');
    await assert.rejects(writeFileAtomic(path, 'x'), { code: 'IO_ERROR' });
    assert.deepEqual(readdirSync(folder), ['taken']);
    assert.equal(readFileSync(join(path, 'kept'), 'utf8'), 'kept');
  });

  it('keeps the old file and removes the temporary one when the disk is full', (t) => {
    const mount = mkdtempSync(join(dir, 'full-'));
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', mount]).status !== 0) {
      t.skip('mounting a small file system needs root');
      return;
    }
    t.after(() => spawnSync('umount', [mount]));
    const path = join(mount, 'x');
    return (async () => {
      await writeFileAtomic(path, 'good');
      await assert.rejects(writeFileAtomic(path, Buffer.alloc(1 << 20)), (error: unknown) => {
        assert.ok(error instanceof GlossaError);
        assert.equal(error.code, 'IO_ERROR');
        assert.match(error.hint ?? '', /disk is full/);
        return true;
      });
      assert.equal(readFileSync(path, 'utf8'), 'good');
      assert.deepEqual(readdirSync(mount), ['x']);
    })();
  });
});

describe('an error of the file system', () => {
  it('of a full disk says what to do, whoever wrote', () => {
    const system = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    const engine = new GlossaError('IO_ERROR', '/x/state.safetensors: cannot write: No space left on device');
    for (const cause of [system, engine]) {
      const error = ioError('write', '/x', cause);
      assert.equal(error.code, 'IO_ERROR');
      assert.match(error.hint!, /The disk is full: free some space/);
    }
    const other = new GlossaError('ABORTED', 'stopped');
    assert.equal(ioError('write', '/x', other), other);
  });
});
