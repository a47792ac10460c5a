import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { request, type Hub } from '../../src/hub/request.js';
import { realClock, stopIfAborted } from '../../src/hub/retry.js';
import { modelRepository, Scene, WEIGHTS } from './cases.js';
import { bytesOf, sha256, type Fault } from './simulated_hub.js';

let scene: Scene;
afterEach(() => scene.close());

const NAME = sha256(WEIGHTS);
const blobs = () => join(scene.cache, 'models--org--tiny/blobs');

/** Fetches where the n-th answer of the content network has the n-th fault. */
async function withFaults(...faults: (Fault | undefined)[]): Promise<{ ranges: (string | undefined)[] }> {
  scene.hub.fault = ({ server }, count) => (server === 'cdn' ? faults[count - 1] : undefined);
  const { dir } = await scene.fetch();
  assert.deepEqual(await readFile(join(dir, 'model.safetensors')), WEIGHTS);
  assert.deepEqual(
    (await readdir(blobs())).filter((name) => name.endsWith('.incomplete')),
    [],
  );
  return { ranges: ranges() };
}
const ranges = () => scene.hub.asked.filter(({ server }) => server === 'cdn').map(({ range }) => range);

/** Puts the beginning of a file into the cache, as a stopped download leaves it. */
async function leavePartial(bytes: Buffer): Promise<void> {
  await mkdir(blobs(), { recursive: true });
  await writeFile(join(blobs(), `${NAME}.incomplete`), bytes);
}

describe('a download', () => {
  it('goes on with what an earlier one left', async () => {
    scene = await Scene.open();
    await leavePartial(WEIGHTS.subarray(0, 123_456));
    assert.deepEqual((await withFaults()).ranges, ['bytes=123456-']);
  });

  it('asks for nothing where only the name is missing', async () => {
    scene = await Scene.open();
    await leavePartial(WEIGHTS);
    assert.deepEqual((await withFaults()).ranges, []);
  });

  it('goes on after dropped connections, from the byte where each broke', async () => {
    scene = await Scene.open();
    const { ranges } = await withFaults({ dropAfter: 100_000 }, { dropAfter: 50_000 }, { dropAfter: 0 });
    assert.deepEqual(ranges, [undefined, 'bytes=100000-', 'bytes=150000-', 'bytes=150000-']);
    assert.deepEqual(scene.waits, [500, 1000, 2000]);
  });

  it('goes on where an answer ends early, with a length that is too short or without', async () => {
    scene = await Scene.open();
    const { ranges } = await withFaults({ endAfter: 100_000 }, { length: 50_000 });
    assert.deepEqual(ranges, [undefined, 'bytes=100000-', 'bytes=150000-']);
  });

  it('goes on where a length promises more than comes', async () => {
    scene = await Scene.open();
    const { ranges } = await withFaults({ endAfter: 250_000, length: 900_000 });
    assert.equal(ranges.length, 2);
    // What had come and was not yet read when the connection broke is asked for again.
    const from = Number(/^bytes=(\d+)-$/.exec(ranges[1]!)![1]);
    assert.ok(from > 0 && from <= 250_000, ranges[1]);
  });

  it('goes on after a connection that falls silent', async () => {
    scene = await Scene.open();
    scene.hub.fault = ({ server }, count) => (server === 'cdn' && count === 1 ? { hangAfter: 200_000 } : undefined);
    const { dir } = await scene.fetch('org/tiny', { settings: scene.settings({ stallSeconds: 0.2 }) });
    assert.deepEqual(await readFile(join(dir, 'model.safetensors')), WEIGHTS);
    assert.deepEqual(ranges(), [undefined, 'bytes=200000-']);
    assert.match(scene.notes.join('\n'), /sent nothing for 0\.2 s; again in 0\.5 s/);
  });

  it('stops when told to between two pieces, and after the last one', async () => {
    scene = await Scene.open();
    const { endpoint } = scene.hub;
    for (const enough of [1, WEIGHTS.length]) {
      const stop = new AbortController();
      const hub: Hub = { settings: scene.settings(), clock: realClock, signal: stop.signal, note: () => undefined };
      const subject = { repository: 'org/tiny', revision: 'main', page: '' };
      const asked = request(
        hub,
        `${endpoint}/org/tiny/resolve/main/model.safetensors`,
        { subject },
        async ({ body }) => {
          let bytes = 0;
          for await (const piece of body) {
            bytes += piece.length;
            if (bytes >= enough) stop.abort();
            await sleep(20);
          }
          stopIfAborted(stop.signal);
        },
      );
      await assert.rejects(asked, { code: 'ABORTED' });
    }
  });

  it('starts over where the whole file comes in place of the range', async () => {
    scene = await Scene.open();
    await leavePartial(WEIGHTS.subarray(0, 100_000));
    assert.deepEqual((await withFaults({ ignoreRange: true })).ranges, ['bytes=100000-']);
  });

  it('starts over where another range comes, or the range of another file', async () => {
    scene = await Scene.open();
    await leavePartial(WEIGHTS.subarray(0, 100_000));
    const wrong = await withFaults({ contentRange: 'bytes 90000-299999/300000' });
    assert.deepEqual(wrong.ranges, ['bytes=100000-', undefined]);
  });

  it('starts over after 416, and where more is there than the file has', async () => {
    scene = await Scene.open();
    await leavePartial(WEIGHTS.subarray(0, 100_000));
    assert.deepEqual((await withFaults({ status: 416 })).ranges, ['bytes=100000-', undefined]);
    await scene.close();
    scene = await Scene.open();
    await leavePartial(Buffer.concat([WEIGHTS, WEIGHTS]));
    assert.deepEqual((await withFaults()).ranges, [undefined]);
  });

  it('throws away what an earlier download left, if the whole does not have the hash', async () => {
    scene = await Scene.open();
    await leavePartial(bytesOf(100_000, 9));
    assert.deepEqual((await withFaults()).ranges, ['bytes=100000-', undefined]);
    assert.match(scene.notes.join('\n'), /expected sha256 \w+, got \w+; once more from its beginning/);
  });

  it('gets over wrong bytes once, and over too many', async () => {
    scene = await Scene.open();
    await withFaults({ body: bytesOf(WEIGHTS.length, 7) });
    await scene.close();
    scene = await Scene.open();
    await withFaults({ body: Buffer.concat([WEIGHTS, Buffer.from('more')]) });
    assert.match(scene.notes.join('\n'), /more than the 300000 bytes that the hub announced came/);
  });

  it('refuses bytes that are wrong twice, names both hashes, and keeps none of them', async () => {
    scene = await Scene.open();
    const wrong = bytesOf(WEIGHTS.length, 7);
    scene.hub.fault = ({ server }) => (server === 'cdn' ? { body: wrong } : undefined);
    await assert.rejects(scene.fetch(), (error: { code?: string; message: string }) => {
      assert.equal(error.code, 'HUB_HASH');
      assert.match(error.message, /org\/tiny: model\.safetensors: /);
      assert.ok(error.message.includes(NAME) && error.message.includes(sha256(wrong)));
      return true;
    });
    assert.equal(ranges().length, 2);
    assert.ok((await readdir(blobs())).every((name) => !name.startsWith(NAME)));
    await assert.rejects(readdir(join(scene.cache, 'models--org--tiny/snapshots')), 'no half snapshot');
  });

  it("checks a small file by git's hash", async () => {
    scene = await Scene.open();
    scene.hub.fault = ({ path }) => (path.endsWith('/config.json') ? { body: '{"model_type":"LLAMA"}' } : undefined);
    await assert.rejects(scene.fetch(), { code: 'HUB_HASH', message: /config\.json: expected git-sha1/ });
  });

  it('waits as long as Retry-After says, in seconds or until a date, and otherwise twice as long each time', async () => {
    scene = await Scene.open();
    await withFaults(
      { status: 429, headers: { 'retry-after': '7' } },
      { status: 503, headers: { 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' } },
      { status: 500 },
    );
    assert.deepEqual(scene.waits, [7000, 53_000, 2000]);
  });

  it('gives up after five failures in a row, and says what it was', async () => {
    scene = await Scene.open();
    scene.hub.fault = ({ server }) => (server === 'cdn' ? { status: 500 } : undefined);
    await assert.rejects(scene.fetch(), {
      code: 'HUB_BUSY',
      message: /org\/tiny: model\.safetensors: the hub answers 500 \(tried 5 times\)/,
    });
    assert.deepEqual(scene.waits, [500, 1000, 2000, 4000]);
    await scene.close();
    scene = await Scene.open();
    scene.hub.fault = ({ server }) => (server === 'cdn' ? { dropAfter: 10 } : undefined);
    await assert.rejects(scene.fetch(), { code: 'HUB_UNREACHABLE', message: /\(tried 5 times\)/ });
  });

  it('goes on through any number of drops while megabytes come', async () => {
    const large = bytesOf(9_000_000, 11);
    scene = await Scene.open(modelRepository({ 'model.safetensors': { bytes: large, lfs: true } }));
    scene.hub.fault = ({ server }) => (server === 'cdn' ? { endAfter: 1_400_000, length: 9_000_000 } : undefined);
    const { dir } = await scene.fetch();
    assert.deepEqual(await readFile(join(dir, 'model.safetensors')), large);
    assert.ok(scene.waits.length >= 6);
    assert.ok(scene.waits.slice(0, 6).every((wait) => wait === 500));
  });

  it('does not wait for an hour', async () => {
    scene = await Scene.open();
    scene.hub.fault = () => ({ status: 429, headers: { 'retry-after': '3600' } });
    await assert.rejects(scene.fetch(), { code: 'HUB_BUSY', message: /it asks to wait 3600 s/ });
    assert.deepEqual(scene.waits, []);
  });

  it('stops when told to, and keeps what has come', async () => {
    scene = await Scene.open();
    scene.hub.fault = ({ server }) => (server === 'cdn' ? { hangAfter: 200_000 } : undefined);
    const stop = new AbortController();
    const onProgress = ({ have }: { have: number }) => {
      if (have > 200_000) stop.abort();
    };
    await assert.rejects(scene.fetch('org/tiny', { signal: stop.signal, onProgress }), { code: 'ABORTED' });
    scene.hub.fault = () => undefined;
    assert.ok((await withFaults()).ranges.at(-1)?.startsWith('bytes='));
  });

  it('waits for another process that has the blob, and gives up on one of another machine that gets nowhere', async () => {
    scene = await Scene.open();
    const locks = join(scene.cache, '.locks/models--org--tiny');
    await mkdir(locks, { recursive: true });
    const lock = join(locks, `${NAME}.glossa.lock`);
    await writeFile(lock, JSON.stringify({ pid: 1, host: `not-${hostname()}`, born: null }));
    await assert.rejects(scene.fetch(), { code: 'HUB_LOCKED', message: /process 1 on not-/ });
    // Of this machine, and gone: taken over.
    await writeFile(lock, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), born: '1' }));
    await withFaults();
  });

  it('lets two fetches of one model share the work', async () => {
    scene = await Scene.open();
    const clock = { now: () => Date.now(), sleep: () => new Promise<void>((done) => setTimeout(done, 10)) };
    const both = await Promise.all([scene.fetch('org/tiny', { clock }), scene.fetch('org/tiny', { clock })]);
    assert.equal(both[0].dir, both[1].dir);
    assert.deepEqual(await readFile(join(both[0].dir, 'model.safetensors')), WEIGHTS);
    assert.equal(ranges().length, 1);
  });

  it('refuses what does not fit the disk before it begins', async () => {
    scene = await Scene.open();
    scene.hub.fault = ({ path }) =>
      path.includes('/revision/')
        ? {
            status: 200,
            body: JSON.stringify({
              sha: 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00',
              siblings: [{ rfilename: 'model.safetensors', lfs: { sha256: NAME, size: 1e15 } }],
            }),
          }
        : undefined;
    await assert.rejects(scene.fetch(), {
      code: 'HUB_DISK',
      message: /1000000\.00 GB are to come, [\d.]+ GB are free/,
    });
    assert.equal(scene.hub.downloads().length, 0);
  });
});
