import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { isMissing, readFileWhole, readText, readTextIfThere, readTextSync } from '../../src/base/read_file.js';

let root: string;
const at = (name: string) => join(root, name);
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-read-'));
  await writeFile(at('text'), 'ключ: 값\n');
  await writeFile(at('empty'), '');
  await writeFile(at('many'), Buffer.alloc(300_000, 'abc'));
  await writeFile(at('sparse'), '');
  await truncate(at('sparse'), 2 ** 40);
  await mkdir(at('folder'));
  execFileSync('mkfifo', [at('fifo')]);
  await symlink(at('text'), at('link'));
  await symlink(at('fifo'), at('link to fifo'));
  await symlink(at('loop'), at('loop'));
});
after(() => rm(root, { recursive: true, force: true }));

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    assert.ok(error instanceof GlossaError, String(error));
    return error.code;
  }
  return 'no error';
}

const ways = {
  readText,
  readTextSync: (path: string, most?: number) => Promise.resolve().then(() => readTextSync(path, most)),
};
for (const [name, read] of Object.entries(ways)) {
  describe(name, () => {
    it('reads a file, an empty one, a long one, one behind a link and one whose size is not told', async () => {
      assert.equal(await read(at('text')), 'ключ: 값\n');
      assert.equal(await read(at('link')), 'ключ: 값\n');
      assert.equal(await read(at('empty')), '');
      assert.equal(await read(at('many')), Buffer.alloc(300_000, 'abc').toString());
      assert.match(await read('/proc/self/status'), /^Name:[^]*\n$/);
    });

    it('refuses at once what is no regular file', async () => {
      for (const path of [at('fifo'), at('link to fifo'), '/dev/zero', '/dev/tty', at('folder')])
        assert.equal(await codeOf(() => read(path)), 'NOT_A_FILE', path);
    });

    it('refuses what is too large, by its size or as it comes', async () => {
      assert.equal(await codeOf(() => read(at('sparse'))), 'FILE_TOO_LARGE');
      assert.equal(await codeOf(() => read(at('many'), 299_999)), 'FILE_TOO_LARGE');
      assert.equal((await read(at('many'), 300_000)).length, 300_000);
      assert.equal(await codeOf(() => read('/proc/self/status', 10)), 'FILE_TOO_LARGE');
    });

    it('gives the reason of the system where there is no file', async () => {
      for (const path of [at('none'), join(at('text'), 'under a file'), at('loop'), 'a\0b'])
        assert.equal(await codeOf(() => read(path)), 'IO_ERROR', path);
    });
  });
}

describe('readTextIfThere', () => {
  it('tells a file that is not there from one that cannot be read', async () => {
    assert.equal(await readTextIfThere(at('none')), undefined);
    assert.equal(await readTextIfThere(at('text')), 'ключ: 값\n');
    assert.equal(await codeOf(() => readTextIfThere(at('loop'))), 'IO_ERROR');
    assert.equal(await codeOf(() => readTextIfThere(at('fifo'))), 'NOT_A_FILE');
  });
});

describe('readFileWhole', () => {
  it('refuses a socket', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(at('socket'), done));
    try {
      await assert.rejects(readFileWhole(at('socket')), { code: 'NOT_A_FILE', message: /socket.* is a socket/ });
    } finally {
      server.close();
    }
  });

  it('marks what is missing, and nothing else', async () => {
    const errorOf = (path: string) =>
      readFileWhole(path).then(
        () => undefined,
        (error: unknown) => error,
      );
    assert.equal(isMissing(await errorOf(at('none'))), true);
    assert.equal(isMissing(await errorOf(at('folder'))), false);
    assert.equal(isMissing(new Error('other')), false);
  });
});
