import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, it } from 'node:test';
import { glossa, start, type Ended } from '../e2e/glossa.js';
import { COMMIT, modelRepository, Scene } from './cases.js';
import { bytesOf, sha256 } from './simulated_hub.js';

let scene: Scene;
afterEach(() => scene.close());

const LARGE = bytesOf(800_000, 21);
const environment = (extra: NodeJS.ProcessEnv = {}) => ({
  HF_ENDPOINT: scene.hub.endpoint,
  HF_HOME: scene.cache,
  HF_TOKEN: 'hf_secret',
  HF_HUB_CACHE: '',
  HUGGINGFACE_HUB_CACHE: '',
  ...extra,
});
const blobs = () => join(scene.cache, 'hub/models--org--tiny/blobs');
const snapshot = () => join(scene.cache, 'hub/models--org--tiny/snapshots', COMMIT);
const withLarge = () => Scene.open(modelRepository({ 'model.safetensors': { bytes: LARGE, lfs: true } }));

/** Starts a fetch from a slow hub, and sends the signal when some of the large file has come. */
async function interrupted(signal: NodeJS.Signals): Promise<Ended> {
  scene.hub.fault = ({ server }) => (server === 'cdn' ? { pause: 20 } : undefined);
  const { child, ended } = start(['fetch', 'org/tiny@main', '--exclude', '*.md'], environment());
  const partial = join(blobs(), `${sha256(LARGE)}.incomplete`);
  while (((await stat(partial).catch(() => undefined))?.size ?? 0) < 100_000) {
    assert.equal(child.exitCode, null, 'the fetch ended before anything came');
    await sleep(10);
  }
  child.kill(signal);
  const result = await ended;
  scene.hub.fault = () => undefined;
  return result;
}

/** Fetches again, and checks that it went on where the first one stopped. */
async function goesOn(): Promise<void> {
  scene.hub.asked.length = 0;
  const { code, stdout, stderr } = await glossa(['fetch', 'org/tiny', '--json'], environment());
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout) as { received: number; bytes: number; dir: string };
  assert.equal(result.dir, snapshot());
  assert.deepEqual(await readFile(join(snapshot(), 'model.safetensors')), LARGE);
  const [large] = scene.hub.asked.filter(({ server }) => server === 'cdn');
  const from = Number(/^bytes=(\d+)-$/.exec(large!.range!)![1]);
  assert.ok(from >= 100_000);
  assert.ok(result.received <= result.bytes - from);
  assert.ok((await readdir(blobs())).every((name) => !name.endsWith('.incomplete')));
}

describe('glossa fetch', () => {
  it('stops on Ctrl-C, says the command that goes on, and goes on', async () => {
    scene = await withLarge();
    const { code, stderr } = await interrupted('SIGINT');
    assert.equal(code, 130);
    assert.match(
      stderr,
      /error ABORTED: stopped; what has come is kept\n {2}npx glossa fetch org\/tiny --exclude '\*\.md'/,
    );
    await assert.rejects(stat(snapshot()), 'no half snapshot');
    await goesOn();
  });

  it('goes on after kill -9, though its locks lie there', async () => {
    scene = await withLarge();
    assert.equal((await interrupted('SIGKILL')).signal, 'SIGKILL');
    assert.equal((await readdir(join(scene.cache, 'hub/.locks/models--org--tiny'))).length, 1);
    await goesOn();
  });

  it('downloads once where two processes want the same', async () => {
    scene = await withLarge();
    scene.hub.fault = ({ server }) => (server === 'cdn' ? { pause: 15 } : undefined);
    const both = await Promise.all(
      [1, 2].map(() => glossa(['fetch', 'org/tiny', '--progress', 'plain'], environment())),
    );
    for (const { code, stdout, stderr } of both) {
      assert.equal(code, 0, stderr);
      assert.equal(stdout, `${snapshot()}\n`);
    }
    assert.deepEqual(await readFile(join(snapshot(), 'model.safetensors')), LARGE);
    assert.equal(scene.hub.asked.filter(({ server }) => server === 'cdn').length, 1);
    assert.match(both.map(({ stderr }) => stderr).join(''), /process \d+ is downloading it; waiting for it/);
  });

  it('lists what it would fetch, refuses with a code, and never says the token', async () => {
    scene = await withLarge();
    const [listed, refused, misspelt] = await Promise.all([
      glossa(['fetch', 'org/tiny', '--dry-run'], environment()),
      glossa(['fetch', 'org/tiny@nothing'], environment()),
      glossa(['fetch', '../tiny'], environment()),
    ]);
    assert.match(listed.stdout, /^model\.safetensors +800\.\d kB$/m);
    assert.match(listed.stdout, /^3 files +800\.\d kB +800\.\d kB to fetch$/m);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /^error HUB_NOT_FOUND: org\/tiny: there is no revision nothing\n/);
    assert.equal(misspelt.code, 2);
    for (const { stdout, stderr } of [listed, refused, misspelt]) assert.ok(!(stdout + stderr).includes('hf_secret'));
  });
});
