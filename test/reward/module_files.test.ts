import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { moduleFiles } from '../../src/reward/module/files.js';

test('the files of a module are those that it imports by name, whatever else stands there as a name', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'glossa-files-'));
  try {
    const url = pathToFileURL(join(dir, 'by_url.mjs')).href;
    const text = `
      import a from './beside.mjs';
      import b from '${url}';
      // from 'file://another.machine/x.mjs', from 'file:///%zz', from 'file:///a%2fb', from 'file:'
      import('./\0'); import('/dev/zero'); import('../'); import('./gone.mjs');
      import 'node:fs'; import 'package';`;
    await writeFile(join(dir, 'main.mjs'), text);
    await writeFile(join(dir, 'beside.mjs'), "import './main.mjs'; import './types.js';");
    for (const name of ['by_url.mjs', 'types.ts']) await writeFile(join(dir, name), '');
    const files = (await moduleFiles(join(dir, 'main.mjs'))).map(([, name]) => name);
    const inside = files.filter((name) => !name.startsWith('..'));
    assert.deepEqual(inside, ['main.mjs', 'beside.mjs', 'by_url.mjs', 'types.ts']);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
