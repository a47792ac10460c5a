import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import type { FetchProgress } from '../../src/hub/index.js';
import { COMMIT, dataRepository, modelRepository, Scene, WEIGHTS } from './cases.js';
import { gitBlob, sha256 } from './simulated_hub.js';

let scene: Scene;
afterEach(() => scene.close());

/** Every entry below a folder that is not a folder: path to bytes, or to what a link says. */
async function tree(dir: string): Promise<Record<string, string>> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const pairs = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const content = entry.isSymbolicLink() ? `-> ${await readlink(path)}` : await readFile(path, 'latin1');
    return [relative(dir, path), content] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

describe('the cache of the hub', () => {
  it('has the layout of the Python library: blobs by hash, links of a commit, the commit of a branch', async () => {
    scene = await Scene.open();
    const { dir, commit, received, bytes } = await scene.fetch();
    const folder = join(scene.cache, 'models--org--tiny');
    assert.equal(commit, COMMIT);
    assert.equal(dir, join(folder, 'snapshots', COMMIT));
    const { files } = modelRepository();
    const config = gitBlob(files['config.json']!.bytes);
    const tokenizer = gitBlob(files['tokenizer.json']!.bytes);
    assert.deepEqual(await tree(folder), {
      [`blobs/${config}`]: '{"model_type":"llama"}',
      [`blobs/${tokenizer}`]: '{"version":"1.0"}',
      [`blobs/${sha256(WEIGHTS)}`]: WEIGHTS.toString('latin1'),
      'refs/main': COMMIT,
      [`snapshots/${COMMIT}/config.json`]: `-> ../../blobs/${config}`,
      [`snapshots/${COMMIT}/tokenizer.json`]: `-> ../../blobs/${tokenizer}`,
      [`snapshots/${COMMIT}/model.safetensors`]: `-> ../../blobs/${sha256(WEIGHTS)}`,
    });
    assert.equal(received, bytes);
    assert.deepEqual(await readdir(join(scene.cache, '.locks/models--org--tiny')), []);
    assert.match(
      await readFile(join(scene.cache, 'CACHEDIR.TAG'), 'utf8'),
      /^Signature: 8a477f597d28d172789f06886806bc55/,
    );
  });

  it('keeps folders of a data set, and fetches a name with a space', async () => {
    scene = await Scene.open(dataRepository());
    const { dir, files } = await scene.fetch('datasets/org/sums');
    assert.deepEqual(
      files.map(({ path }) => path),
      ['data/test.parquet', 'data/train file.jsonl'],
    );
    assert.equal(dirname(dirname(dir)), join(scene.cache, 'datasets--org--sums'));
    assert.match(await readlink(join(dir, 'data/test.parquet')), /^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    assert.match(await readFile(join(dir, 'data/train file.jsonl'), 'utf8'), /1\+1/);
  });

  it('finds what is there, and asks for no byte of it', async () => {
    scene = await Scene.open();
    await scene.fetch();
    const before = scene.hub.downloads().length;
    const again = await scene.fetch();
    assert.equal(again.received, 0);
    assert.ok(again.files.every(({ cached }) => cached));
    assert.equal(scene.hub.downloads().length, before);
  });

  it('uses what the Python library downloaded, of which only a part is there', async () => {
    scene = await Scene.open();
    // As that library leaves it: a blob, its link, a ref without a newline, its own empty lock.
    const folder = join(scene.cache, 'models--org--tiny');
    const snapshot = join(folder, 'snapshots', COMMIT);
    for (const dir of [
      join(folder, 'blobs'),
      join(folder, 'refs'),
      snapshot,
      join(scene.cache, '.locks/models--org--tiny'),
    ])
      await mkdir(dir, { recursive: true });
    await writeFile(join(folder, 'blobs', sha256(WEIGHTS)), WEIGHTS);
    await symlink(`../../blobs/${sha256(WEIGHTS)}`, join(snapshot, 'model.safetensors'));
    await writeFile(join(folder, 'refs/main'), COMMIT);
    await writeFile(join(scene.cache, '.locks/models--org--tiny', `${sha256(WEIGHTS)}.lock`), '');
    const { files } = await scene.fetch();
    assert.deepEqual(
      files.filter(({ cached }) => cached).map(({ path }) => path),
      ['model.safetensors'],
    );
    assert.ok(scene.hub.asked.every(({ server }) => server === 'hub'));
  });

  it('uses a snapshot of files in place of links', async () => {
    scene = await Scene.open();
    const { dir } = await scene.fetch();
    const path = join(dir, 'model.safetensors');
    await rm(path);
    await rm(join(scene.cache, 'models--org--tiny/blobs', sha256(WEIGHTS)));
    await writeFile(path, WEIGHTS);
    assert.equal((await scene.fetch()).received, 0);
    assert.ok((await stat(path)).size === WEIGHTS.length);
  });

  it('makes a snapshot of files where symbolic links are not wanted', async () => {
    scene = await Scene.open();
    const plain = { settings: scene.settings({ symlinks: false }) };
    const { dir } = await scene.fetch('org/tiny', plain);
    for (const entry of await readdir(dir, { withFileTypes: true })) assert.ok(entry.isFile(), entry.name);
    assert.deepEqual(await readFile(join(dir, 'model.safetensors')), WEIGHTS);
    assert.equal((await scene.fetch('org/tiny', plain)).received, 0);
  });

  it('tells how far it is', async () => {
    scene = await Scene.open();
    const told: FetchProgress[] = [];
    const { bytes } = await scene.fetch('org/tiny', { onProgress: (progress) => told.push(progress) });
    assert.deepEqual(told.at(-1), { filesDone: 3, files: 3, have: bytes, bytes, received: bytes });
    assert.ok(told.every(({ have }, i) => i === 0 || have >= told[i - 1]!.have));
    assert.ok(told.length > 4);
  });

  it('keeps a commit without a ref, and a ref with slashes as a path', async () => {
    scene = await Scene.open();
    await scene.fetch(`org/tiny@${COMMIT}`);
    await assert.rejects(readdir(join(scene.cache, 'models--org--tiny/refs')));
    await scene.fetch('org/tiny@refs/pr/1');
    assert.equal(await readFile(join(scene.cache, 'models--org--tiny/refs/refs/pr/1'), 'utf8'), COMMIT);
  });

  it('downloads bytes that two files share once', async () => {
    const twin = { bytes: WEIGHTS, lfs: true };
    scene = await Scene.open(modelRepository({ 'twin.safetensors': twin }));
    const { dir, received } = await scene.fetch();
    assert.deepEqual(await readFile(join(dir, 'twin.safetensors')), WEIGHTS);
    assert.equal(scene.hub.asked.filter(({ server }) => server === 'cdn').length, 1);
    assert.ok(received < 2 * WEIGHTS.length);
  });

  it('writes nothing in a dry run', async () => {
    scene = await Scene.open();
    const { files } = await scene.fetch('org/tiny', { dryRun: true });
    assert.deepEqual(
      files.map(({ path, size, cached }) => [path, size, cached]),
      [
        ['config.json', 22, false],
        ['model.safetensors', 300_000, false],
        ['tokenizer.json', 17, false],
      ],
    );
    assert.deepEqual(await readdir(scene.cache), []);
    assert.equal(scene.hub.downloads().length, 0);
  });

  it('finds and replaces a damaged blob when asked to verify', async () => {
    scene = await Scene.open();
    const { dir } = await scene.fetch();
    const blob = join(scene.cache, 'models--org--tiny/blobs', sha256(WEIGHTS));
    await writeFile(blob, Buffer.alloc(WEIGHTS.length));
    assert.equal((await scene.fetch()).received, 0, 'without --verify the size is what counts');
    const { received } = await scene.fetch('org/tiny', { verify: true });
    assert.equal(received, WEIGHTS.length);
    assert.deepEqual(await readFile(join(dir, 'model.safetensors')), WEIGHTS);
    assert.match(scene.notes.join('\n'), /model\.safetensors: what is in the cache is damaged: expected sha256/);
  });

  describe('offline', () => {
    it('is all that is asked, and says what is missing', async () => {
      scene = await Scene.open();
      const offline = { settings: scene.settings({ offline: true }) };
      await assert.rejects(scene.fetch('org/tiny', offline), {
        code: 'HUB_OFFLINE',
        message: /org\/tiny: not in the cache/,
      });
      const { dir } = await scene.fetch();
      const asked = scene.hub.asked.length;
      const found = await scene.fetch('org/tiny', offline);
      assert.equal(found.dir, dir);
      assert.deepEqual(
        found.files.map(({ path, size }) => [path, size]),
        [
          ['config.json', 22],
          ['model.safetensors', 300_000],
          ['tokenizer.json', 17],
        ],
      );
      await rm(join(dir, 'model.safetensors'));
      await assert.rejects(scene.fetch('org/tiny', offline), { message: /model\.safetensors not in the cache/ });
      await assert.rejects(scene.fetch('org/tiny@v2', offline), { code: 'HUB_OFFLINE' });
      assert.equal(scene.hub.asked.length, asked);
    });

    it('names the shards that an index asks for and that are not there', async () => {
      const index = JSON.stringify({ weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' } });
      const { files, ...repository } = modelRepository({
        'model.safetensors.index.json': { bytes: Buffer.from(index), lfs: false },
        'model-1.safetensors': { bytes: WEIGHTS, lfs: true },
      });
      const { 'model.safetensors': _single, ...sharded } = files;
      scene = await Scene.open({ ...repository, files: sharded });
      await scene.fetch();
      await assert.rejects(scene.fetch('org/tiny', { settings: scene.settings({ offline: true }) }), {
        code: 'HUB_OFFLINE',
        message: /model-2\.safetensors not in the cache/,
      });
    });
  });
});
