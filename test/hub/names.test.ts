import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { chooseFiles, globPattern } from '../../src/hub/choose.js';
import { nameFault } from '../../src/hub/id.js';
import { hubIdText, hubSettings, parseHubFile, parseHubId, resolveData, resolveModel } from '../../src/hub/index.js';
import { COMMIT } from './cases.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'glossa-hub-'));
});
after(() => rm(root, { recursive: true, force: true }));

describe('an id of the hub', () => {
  it('has an organisation, a name, and perhaps a revision and a type', () => {
    assert.deepEqual(parseHubId('Qwen/Qwen2.5-0.5B'), { type: 'model', id: 'Qwen/Qwen2.5-0.5B', revision: 'main' });
    assert.deepEqual(parseHubId('org/name@refs/pr/2'), { type: 'model', id: 'org/name', revision: 'refs/pr/2' });
    assert.deepEqual(parseHubId('datasets/openai/gsm8k@v1'), { type: 'dataset', id: 'openai/gsm8k', revision: 'v1' });
    assert.deepEqual(parseHubId('openai/gsm8k', 'dataset')?.type, 'dataset');
    for (const text of ['Qwen/Qwen2.5-0.5B', 'datasets/openai/gsm8k@v1', 'gpt2'])
      assert.equal(hubIdText(parseHubId(text)!), text);
  });

  it('is nothing that leads out of a folder', () => {
    for (const text of [
      '',
      '/',
      '../x',
      'a/b/c',
      './a',
      'a/..',
      'a--b/c',
      'a/b@',
      'a/b@../x',
      'a/b@/x',
      '-a/b',
      'a/b.',
      'a b/c',
      'a/b.git',
    ])
      assert.equal(parseHubId(text), undefined, text);
    assert.equal(parseHubId('datasets/a/b', 'model'), undefined);
  });

  it('with a file after it names a file of a data set', () => {
    assert.deepEqual(parseHubFile('datasets/a/b@v1/data/x.jsonl'), {
      repository: { type: 'dataset', id: 'a/b', revision: 'v1' },
      file: 'data/x.jsonl',
    });
    for (const text of ['datasets/a/b', 'data/a/b/x.jsonl', 'datasets/a/b/../x', 'datasets/../b/x'])
      assert.equal(parseHubFile(text), undefined, text);
  });
});

describe('a name from the hub', () => {
  it('may be any path below a folder, and on Windows no device', () => {
    for (const name of ['a.json', 'data/x y.jsonl', 'a..b', '한국어.txt', 'con.json', 'ab:c'])
      assert.equal(nameFault(name, 'linux'), undefined, name);
    for (const name of ['con.json', 'a/NUL', 'a:b', 'a.', 'a /b', 'x?']) assert.ok(nameFault(name, 'win32'), name);
  });
});

describe('the choice of files', () => {
  const choose = (type: 'model' | 'dataset', include: string[], exclude: string[], ...paths: string[]) =>
    chooseFiles(
      paths.map((path) => ({ path })),
      type,
      { include, exclude },
      'a/b',
    ).map(({ path }) => path);

  it('of a model is weights, config and tokenizer at the root', () => {
    const taken = [
      'added_tokens.json',
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'merges.txt',
      'model-00001-of-00002.safetensors',
      'model.safetensors.index.json',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer.model',
      'tokenizer_config.json',
      'vocab.json',
    ];
    const left = [
      'README.md',
      'consolidated.safetensors',
      'model.gguf',
      'onnx/model.onnx',
      'original/model.safetensors',
      'pytorch_model.bin',
      'training_args.bin',
    ];
    assert.deepEqual(choose('model', [], [], ...taken, ...left), taken);
    assert.deepEqual(
      choose('model', [], ['*.safetensors', 'm*'], ...taken).filter((path) => path.startsWith('m')),
      [],
    );
  });

  it('of a data set is tables and JSON in any folder', () => {
    const taken = ['a.jsonl', 'b/c.parquet', 'd.csv', 'e.json', 'f.jsonl.gz'];
    assert.deepEqual(choose('dataset', [], [], ...taken, 'README.md', 'x.py', 'y.zip'), taken);
    assert.throws(() => choose('dataset', [], [], 'README.md'), { code: 'HUB_NO_FILES', hint: /--include/ });
  });

  it("takes Python's globs", () => {
    for (const [glob, yes, no] of [
      ['*.json', 'a/b.json', 'a.jsonl'],
      ['data/', 'data/x/y', 'dat/x'],
      ['a?c', 'abc', 'ac'],
      ['[a-c]x', 'bx', 'dx'],
      ['[!a]x', 'bx', 'ax'],
      ['a.b', 'a.b', 'axb'],
      ['(a|b)+', '(a|b)+', 'a'],
      ['[', '[', 'x'],
    ] as const) {
      assert.match(yes, globPattern(glob), glob);
      assert.doesNotMatch(no, globPattern(glob), glob);
    }
    assert.throws(() => globPattern('[z-a]'), { code: 'USAGE' });
  });
});

describe('the settings of the hub', () => {
  it('are those of the Python library', async () => {
    const plain = hubSettings({});
    assert.deepEqual(plain, {
      endpoint: 'https://huggingface.co',
      cache: join(homedir(), '.cache/huggingface/hub'),
      token: plain.token,
      offline: false,
      symlinks: true,
      stallSeconds: 20,
    });
    assert.equal(hubSettings({ XDG_CACHE_HOME: '/x' }).cache, '/x/huggingface/hub');
    assert.equal(hubSettings({ HF_HOME: '/h' }).cache, '/h/hub');
    assert.equal(hubSettings({ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }).cache, '/old');
    assert.equal(hubSettings({ HF_HUB_CACHE: '~/new', HUGGINGFACE_HUB_CACHE: '/old' }).cache, join(homedir(), 'new'));
    assert.equal(hubSettings({ HF_ENDPOINT: 'https://mirror.example/hf/' }).endpoint, 'https://mirror.example/hf');
    assert.equal(hubSettings({ HF_HUB_DISABLE_SYMLINKS: '1' }).symlinks, false);
    assert.equal(hubSettings({ HF_HUB_OFFLINE: 'yes' }).offline, true);
    assert.equal(hubSettings({ HF_HUB_OFFLINE: '0', TRANSFORMERS_OFFLINE: '1' }).offline, false);
    assert.equal(hubSettings({ HF_HUB_DOWNLOAD_TIMEOUT: '3' }).stallSeconds, 3);
    await writeFile(join(root, 'token'), 'hf_file\n');
    assert.equal(hubSettings({ HF_HOME: root }).token, 'hf_file');
    assert.equal(hubSettings({ HF_HOME: root, HF_TOKEN: ' hf_env ' }).token, 'hf_env');
    assert.equal(hubSettings({ HF_HOME: root, HUGGING_FACE_HUB_TOKEN: 'hf_old' }).token, 'hf_old');
    assert.equal(hubSettings({ HF_HOME: root, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }).token, undefined);
  });

  it('refuse what cannot be meant, and repeat no secret', () => {
    for (const env of [
      { HF_ENDPOINT: 'huggingface.co' },
      { HF_ENDPOINT: 'https://user:password@mirror.example' },
      { HF_TOKEN: 'hf_pass\nword' },
      { HF_HUB_DOWNLOAD_TIMEOUT: 'password' },
    ])
      assert.throws(
        () => hubSettings(env),
        (error: Error & { code: string }) =>
          error.code === 'HUB_SETTINGS' &&
          (!/password|hf_pass/.test(error.message) || 'HF_HUB_DOWNLOAD_TIMEOUT' in env),
      );
  });
});

describe('a name of a model or of data', () => {
  it('is a folder where there is one, else what the cache has, else the command that fetches it', async () => {
    const settings = { ...hubSettings({}), cache: join(root, 'hub') };
    const folder = join(settings.cache, 'models--org--tiny');
    const snapshot = join(folder, 'snapshots', COMMIT);
    await assert.rejects(resolveModel('org/tiny', settings), {
      code: 'MODEL_NOT_FOUND',
      hint: 'npx glossa fetch org/tiny',
    });
    await mkdir(snapshot, { recursive: true });
    await mkdir(join(folder, 'refs'));
    await writeFile(join(folder, 'refs/main'), COMMIT);
    await assert.rejects(resolveModel('org/tiny', settings), {
      message: /has no config\.json, model\.safetensors/,
      hint: /glossa fetch org\/tiny/,
    });
    await writeFile(join(snapshot, 'config.json'), '{}');
    await writeFile(join(snapshot, 'model.safetensors'), '');
    assert.equal(await resolveModel('org/tiny', settings), snapshot);
    assert.equal(await resolveModel(`org/tiny@${COMMIT}`, settings), snapshot);
    await assert.rejects(resolveModel('org/tiny@v2', settings), { hint: 'npx glossa fetch org/tiny@v2' });
    await assert.rejects(resolveModel('/no/such/folder', settings), { message: /there is no such folder/ });
    assert.equal(await resolveModel('src/hub', settings), resolve('src/hub'));
  });

  it('of data is a file, or a file of a data set in the cache', async () => {
    const settings = { ...hubSettings({}), cache: join(root, 'hub') };
    assert.equal(await resolveData('x.jsonl', settings), 'x.jsonl');
    const name = 'datasets/org/sums/data/x.jsonl';
    await assert.rejects(resolveData(name, settings), {
      code: 'DATA_NOT_FOUND',
      hint: 'npx glossa fetch datasets/org/sums',
    });
    const folder = join(settings.cache, 'datasets--org--sums');
    await mkdir(join(folder, 'snapshots', COMMIT, 'data'), { recursive: true });
    await mkdir(join(folder, 'refs'));
    await writeFile(join(folder, 'refs/main'), `${COMMIT}\n`);
    await assert.rejects(resolveData(name, settings), { hint: /--include 'data\/x\.jsonl'/ });
    await writeFile(join(folder, 'snapshots', COMMIT, 'data/x.jsonl'), '');
    assert.equal(await resolveData(name, settings), join(folder, 'snapshots', COMMIT, 'data/x.jsonl'));
  });
});
