import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { nearPath } from '../../src/base/near_path.js';

describe('a path that leads nowhere', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'glossa-near-'));
    await mkdir(join(dir, 'runs', 'collapse'), { recursive: true });
    await mkdir(join(dir, 'runs', 'language-reward'));
    await writeFile(join(dir, 'runs', 'collapse', 'run.json'), '{}');
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('is taken for the nearest name, in any of its parts', async () => {
    const near = async (path: string) => {
      const found = await nearPath(join(dir, path));
      return found?.slice(dir.length + 1);
    };
    assert.equal(await near('runs/colapse'), 'runs/collapse');
    assert.equal(await near('rnus/collapse'), 'runs/collapse');
    assert.equal(await near('rnus/colapse/run.jsn'), 'runs/collapse/run.json');
    assert.equal(await near('runs/language_reward'), 'runs/language-reward');
    assert.equal(await near('runs/something'), undefined);
    assert.equal(await near('runs/collapse'), undefined);
    assert.equal(await nearPath('/nowhere-at-all/x'), undefined);
  });

  it('is never taken for itself, as a link that leads nowhere could be, and nothing is near no name', async () => {
    await symlink('/nowhere-at-all', join(dir, 'link'));
    await symlink('loop', join(dir, 'loop'));
    for (const name of ['link', 'loop']) assert.equal(await nearPath(join(dir, name)), undefined);
    assert.equal(await nearPath(''), undefined);
  });

  it('is written as it was given: relative from the working folder', async () => {
    assert.equal(await nearPath('stduies/lab'), join('studies', 'lab'));
    assert.equal(await nearPath('./stduies'), 'studies');
    assert.equal(await nearPath('stduies'), 'studies');
  });
});
