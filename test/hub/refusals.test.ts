import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { afterEach, describe, it } from 'node:test';
import { redirectTarget } from '../../src/hub/request.js';
import { COMMIT, dataRepository, modelRepository, Scene } from './cases.js';
import { gitBlob, type Fault } from './simulated_hub.js';

let scene: Scene;
afterEach(() => scene.close());

const always = (fault: Fault) => () => fault;
const token = 'hf_secretsecretsecret';

describe('what the hub does not give', () => {
  it('401: private or not there, and never the token in a message', async () => {
    scene = await Scene.open();
    scene.hub.fault = always({ status: 401 });
    await assert.rejects(scene.fetch(), { code: 'HUB_DENIED', message: /private or not there/, hint: /HF_TOKEN/ });
    await assert.rejects(scene.fetch('org/tiny', { settings: scene.settings({ token }) }), (error: Error) => {
      assert.match(error.message, /not for this token/);
      assert.ok(!JSON.stringify({ ...error, stack: error.stack }).includes(token));
      return true;
    });
  });

  it('403: the page where the licence is accepted', async () => {
    scene = await Scene.open();
    scene.hub.fault = ({ server, path }) =>
      server === 'hub' && path.includes('/resolve/')
        ? { status: 403, headers: { 'x-error-code': 'GatedRepo' } }
        : undefined;
    await assert.rejects(scene.fetch(), {
      code: 'HUB_DENIED',
      hint: `accept the licence at ${scene.hub.endpoint}/org/tiny and set HF_TOKEN`,
    });
  });

  it('404: says whether the repository, the revision or the file is missing', async () => {
    scene = await Scene.open();
    await assert.rejects(scene.fetch('org/none'), {
      code: 'HUB_NOT_FOUND',
      message: 'org/none: the hub has no such model',
      hint: /datasets\/org\/none/,
    });
    await assert.rejects(scene.fetch('datasets/org/none'), {
      message: /datasets\/org\/none: the hub has no such data set/,
    });
    await assert.rejects(scene.fetch('org/tiny@v9'), { code: 'HUB_NOT_FOUND', message: /no revision v9/ });
    scene.hub.fault = ({ path }) =>
      path.endsWith('/tokenizer.json') ? { status: 404, headers: { 'x-error-code': 'EntryNotFound' } } : undefined;
    await assert.rejects(scene.fetch(), { message: 'org/tiny: there is no file tokenizer.json at revision main' });
  });

  it('another refusal: its status', async () => {
    scene = await Scene.open();
    scene.hub.fault = always({ status: 451 });
    await assert.rejects(scene.fetch(), { code: 'HUB_REFUSED', message: /the hub answers 451/ });
  });

  it('no connection: where, and what to look at', async () => {
    scene = await Scene.open();
    const settings = scene.settings({ endpoint: 'http://127.0.0.1:1' });
    await assert.rejects(scene.fetch('org/tiny', { settings }), {
      code: /HUB_(UNREACHABLE)/,
      message: /127\.0\.0\.1:1/,
    });
  });

  it('an answer that is no listing', async () => {
    scene = await Scene.open();
    for (const [body, reason] of [
      ['<html>', /not JSON/],
      ['{}', /sha is not a commit/],
      ['null', /sha is not a commit/],
      [JSON.stringify({ sha: COMMIT }), /siblings is not a list/],
      [JSON.stringify({ sha: COMMIT, siblings: [null] }), /rfilename/],
      [JSON.stringify({ sha: COMMIT, siblings: [{ rfilename: 'config.json', size: -1 }] }), /size -1/],
      [JSON.stringify({ sha: COMMIT, siblings: [{ rfilename: 'config.json', size: 1, blobId: '../x' }] }), /hash/],
      [JSON.stringify({ sha: '../../..', siblings: [] }), /sha is not a commit/],
    ] as const) {
      scene.hub.fault = always({ status: 200, body });
      await assert.rejects(scene.fetch(), { code: 'HUB_LISTING', message: reason });
    }
    scene.hub.fault = always({ status: 200, body: JSON.stringify({ sha: COMMIT, siblings: [] }) });
    await assert.rejects(scene.fetch(`org/tiny@${'a'.repeat(40)}`), { code: 'HUB_LISTING', message: /asked for/ });
  });

  it('files that would be written elsewhere', async () => {
    scene = await Scene.open();
    for (const name of [
      '../../evil.json',
      '/etc/evil.json',
      'a\\..\\evil.json',
      'a//b.json',
      './b.json',
      'a\u0000.json',
      'C:/b.json',
    ]) {
      const siblings = [{ rfilename: name, size: 1, blobId: 'a'.repeat(40) }];
      scene.hub.fault = always({ status: 200, body: JSON.stringify({ sha: COMMIT, siblings }) });
      await assert.rejects(scene.fetch('org/tiny', { include: ['*'] }), { code: 'HUB_NAME' }, name);
    }
    assert.deepEqual(await readdir(scene.cache), []);
  });

  it('weights that are no safetensors', async () => {
    const { files, ...repository } = modelRepository();
    const { 'model.safetensors': _weights, ...others } = files;
    scene = await Scene.open({ ...repository, files: others });
    await assert.rejects(scene.fetch(), { code: 'HUB_NO_SAFETENSORS', message: /only .*pytorch_model\.bin/ });
    assert.equal((await scene.fetch('org/tiny', { include: ['*.bin'] })).files.length, 1);
  });
});

describe('a redirect', () => {
  it('takes the token to the hub and to no other origin', async () => {
    scene = await Scene.open();
    await scene.fetch('org/tiny', { settings: scene.settings({ token }) });
    for (const { server, authorization } of scene.hub.asked)
      assert.equal(authorization, server === 'hub' ? `Bearer ${token}` : undefined);
    assert.ok(scene.hub.asked.some(({ server }) => server === 'cdn'));
  });

  it('is followed to a path of the same hub, with the token', async () => {
    scene = await Scene.open();
    scene.hub.fault = ({ path }) =>
      path.includes('/old/name/')
        ? { status: 307, headers: { location: path.replace('/old/name/', '/org/tiny/') } }
        : undefined;
    const { dir } = await scene.fetch('old/name', { settings: scene.settings({ token }) });
    assert.match(dir, /models--old--name/);
    assert.ok(scene.hub.asked.every(({ server, authorization }) => server === 'cdn' || authorization !== undefined));
  });

  it('is not followed in a circle, nor without an address', async () => {
    scene = await Scene.open();
    scene.hub.fault = ({ path }) => ({ status: 302, headers: { location: path } });
    await assert.rejects(scene.fetch(), { code: 'HUB_REFUSED', message: /more than 8 redirects/ });
    scene.hub.fault = always({ status: 302 });
    await assert.rejects(scene.fetch(), { code: 'HUB_REFUSED' });
  });

  it('never leads from https to http, to a file, or to an address with a password', async () => {
    scene = await Scene.open();
    const subject = { repository: 'org/tiny', revision: 'main', page: '' };
    const from = new URL('https://hub.example/a/b');
    assert.equal(redirectTarget(from, '/c', subject).href, 'https://hub.example/c');
    assert.equal(redirectTarget(from, 'https://cdn.example/x?s=1', subject).href, 'https://cdn.example/x?s=1');
    for (const location of ['http://hub.example/c', 'file:///etc/passwd', 'https://u:p@hub.example/', null])
      assert.throws(() => redirectTarget(from, location, subject), { code: 'HUB_REFUSED' });
  });
});

describe('a mirror whose listing has names only', () => {
  it('is asked for size and hash of each file, which the hub says where it redirects', async () => {
    scene = await Scene.open();
    const { files } = modelRepository();
    const siblings = Object.keys(files).map((rfilename) => ({ rfilename }));
    scene.hub.fault = ({ path }) =>
      path.includes('/revision/') ? { status: 200, body: JSON.stringify({ sha: COMMIT, siblings }) } : undefined;
    const fetched = await scene.fetch();
    assert.equal(scene.hub.asked.filter(({ method }) => method === 'HEAD').length, 3 + 1);
    assert.equal(fetched.files[0]!.digest?.hex, gitBlob(files['config.json']!.bytes));
  });

  it('is refused where it has no hash of a file', async () => {
    scene = await Scene.open(dataRepository());
    scene.hub.fault = ({ path, method }) => {
      if (method === 'HEAD') return { status: 200, headers: { etag: 'W/"12-34"' } };
      return path.includes('/revision/')
        ? { status: 200, body: JSON.stringify({ sha: COMMIT, siblings: [{ rfilename: 'a.jsonl' }] }) }
        : undefined;
    };
    await assert.rejects(scene.fetch('datasets/org/sums'), { code: 'HUB_LISTING', message: /no size and hash/ });
  });
});
