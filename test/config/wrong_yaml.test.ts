import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { loadConfig, parseConfig } from '../../src/config/index.js';

const BASE = 'model: { lab: {} }\n';

function refusal(text: string, ...sets: string[]): GlossaError {
  try {
    parseConfig(text, { path: 'x.yaml', sets });
  } catch (error) {
    assert.ok(error instanceof GlossaError, String((error as Error).stack));
    return error;
  }
  throw new Error('the config was accepted');
}

const laughs = (levels: number) =>
  [
    'a0: &a0 [x, x]',
    ...Array.from({ length: levels }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}, *a${i}]`),
  ].join('\n');

describe('YAML that is no config', () => {
  const wrong: [what: string, text: string, line: number, message: RegExp][] = [
    ['an alias bomb', `${BASE}${laughs(30)}\n`, 15, /aliases written out/],
    [
      'an alias bomb of merges',
      `a0: &a0 {x: 1}\n${[...Array(40).keys()].map((i) => `a${i + 1}: &a${i + 1} {y: *a${i}, z: *a${i}}`).join('\n')}`,
      22,
      /written out/,
    ],
    ['more aliases than any config has', `a: &a 1\nb: [${'*a, '.repeat(1001)}]`, 2, /more than 1000 aliases/],
    ['a list within itself', `${BASE}a: &a [*a]\n`, 2, /within what it names/],
    ['a section within itself', `${BASE}a: &a\n  b:\n    c: *a\n`, 4, /within what it names/],
    ['a section merged into itself', `${BASE}a: &a\n  <<: *a\n`, 3, /within what it names/],
    ['an alias of nothing', `${BASE}seed: *none\n`, 2, /\*none names nothing before it/],
    ['an alias as a key', `a: &a x\n? *a\n: 1\n`, 2, /a key must be a word/],
    ['a key given twice', `${BASE}seed: 1\nseed: 2\n`, 3, /seed is given twice/],
    ['a key given twice as number and text', `${BASE}1: a\n'1': b\n`, 3, /1 is given twice/],
    ['a list as a key', `? [a, b]\n: 1\n`, 1, /a key must be a word/],
    ['a merge of what is no section', `${BASE}grpo:\n  <<: 5\n`, 1, /[Mm]erge/],
    ['a tag of another program', `${BASE}run: { name: !!python/object:os.system x }\n`, 2, /Unresolved tag/],
    ['a tag of its own', `${BASE}run: !mine { name: x }\n`, 2, /Unresolved tag/],
    ['two documents', `${BASE}---\nseed: 1\n`, 2, /second document/],
    ['an unknown directive', `%FOO bar\n---\n${BASE}`, 1, /directive/],
    ['an open bracket', 'model: {\n', 2, /./],
    ['tabs as indentation', 'model:\n\tlab: {}\n', 2, /./],
    ['an open quote', "run: { name: 'x }\n", 2, /./],
    ['100,000 brackets', '['.repeat(1e5), 1, /more than 64 levels/],
    ['brackets in brackets, closed', `seed: ${'['.repeat(3000)}${']'.repeat(3000)}`, 1, /more than 64 levels/],
    [
      'a staircase',
      Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      128,
      /more than 64 levels/,
    ],
    ['a list of lists of lists', '- '.repeat(50_000), 1, /more than 64 levels/],
    [
      'a chain of aliases',
      ['a0: &a0 [x]', ...Array.from({ length: 200 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}]`)].join('\n'),
      64,
      /more than 64 levels/,
    ],
  ];
  for (const [what, text, line, message] of wrong) {
    it(`is refused by its line: ${what}`, () => {
      const began = process.cpuUsage();
      const error = refusal(text);
      assert.equal(error.code, 'CONFIG_SYNTAX');
      assert.match(error.message, new RegExp(`^x\\.yaml:${String(line)}:\\d+: `));
      assert.match(error.message, message);
      assert.ok(error.message.length < 500);
      assert.ok(process.cpuUsage(began).user < 2e6);
    });
  }

  const strange: [what: string, text: string, code: string, message: RegExp][] = [
    ['nothing', '', 'CONFIG_MISSING', /model: is missing/],
    ['a comment', '# nothing\n', 'CONFIG_MISSING', /model: is missing/],
    ['a number', '5', 'CONFIG_INVALID', /expected object, got 5/],
    ['a list', '- model', 'CONFIG_INVALID', /expected object, got a list/],
    [
      'keys that objects inherit',
      `${BASE}__proto__: { x: 1 }\n`,
      'CONFIG_SYNTAX',
      /^x\.yaml:2:1: nothing is called __proto__/,
    ],
    [
      'a constructor',
      `${BASE}grpo: { constructor: 1, toString: 2 }\n`,
      'CONFIG_UNKNOWN_KEY',
      /2:9: grpo\.constructor.*\n.*toString/,
    ],
    [
      'bytes',
      `${BASE}run: { name: !!binary aGk= }\n`,
      'CONFIG_INVALID',
      /2:23: run\.name: expected string, got what its tag makes of it/,
    ],
    ['a date', `${BASE}run: { name: !!timestamp 2001-01-01 }\n`, 'CONFIG_INVALID', /run\.name: expected string/],
    ['a set', `model: !!set { lab }\n`, 'CONFIG_IMPOSSIBLE', /model: needs one of/],
    [
      'a number for a name',
      `${BASE}run: { name: 2024 }\n`,
      'CONFIG_INVALID',
      /expected string, got 2024; put it in quotes/,
    ],
    ['an endless number', `${BASE}seed: .inf\n`, 'CONFIG_INVALID', /seed: /],
    ['no number', `${BASE}grpo: { temperature: .nan }\n`, 'CONFIG_INVALID', /temperature: expected number, got NaN/],
    ['a number beyond counting', `${BASE}seed: 99999999999999999999\n`, 'CONFIG_INVALID', /seed: /],
    ['a value as long as a book', `${BASE}dtype: ${'x'.repeat(1e5)}\n`, 'CONFIG_INVALID', /got "x{79}\.\.\.$/],
    [
      'a thousand faults',
      `${BASE}rewards:\n${'  - { name: accuracy }\n'.repeat(1000)}`,
      'CONFIG_IMPOSSIBLE',
      /and 979 more$/,
    ],
    ['a path with NUL', `model: { path: "a\\0b" }\n`, 'CONFIG_INVALID', /a path has no NUL/],
    ['no path', `model: { path: '' }\n`, 'CONFIG_INVALID', /expected a path/],
  ];
  for (const [what, text, code, message] of strange) {
    it(`is refused by its setting: ${what}`, () => {
      const error = refusal(text);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      assert.equal(({} as { x?: unknown }).x, undefined);
    });
  }

  it('keeps anchors, aliases and merge keys that have an end', () => {
    const config = parseConfig(
      `${BASE}data:\n  train: [&ko { lab: &lab { language: ko } }]\n  eval:\n    - { name: a, <<: *ko }\n    - { name: b, lab: { <<: *lab, split: test } }\n`,
      { path: 'x.yaml' },
    );
    assert.deepEqual(
      config.data.eval.map(({ lab }) => lab),
      [
        { language: 'ko', split: 'train' },
        { language: 'ko', split: 'test' },
      ],
    );
  });

  it('reads a megabyte of keys in no time, and nothing larger', () => {
    const keys = Array.from({ length: 60_000 }, (_, i) => `k${i}: 1`).join('\n');
    const began = process.cpuUsage();
    assert.match(refusal(`${BASE}${keys}`).message, /x\.yaml:2:1: k0: unknown setting/);
    assert.ok(process.cpuUsage(began).user < 5e6);
  });

  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'glossa-yaml-'));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  it('is refused as a file: not there, a folder, too large, not UTF-8', async () => {
    const path = join(dir, 'run.yaml');
    await assert.rejects(loadConfig(path), { code: 'CONFIG_NOT_FOUND' });
    await assert.rejects(loadConfig(dir), { code: 'NOT_A_FILE' });
    await writeFile(path, `#${'x'.repeat(2 ** 20)}\n${BASE}`);
    await assert.rejects(loadConfig(path), { code: 'FILE_TOO_LARGE' });
    await writeFile(path, Buffer.from(`${BASE}seed: \xff\n`, 'latin1'));
    await assert.rejects(loadConfig(path), { code: 'CONFIG_SYNTAX', message: /run\.yaml:2: byte 26 is not UTF-8$/ });
    await writeFile(path, Buffer.from(BASE, 'utf16le'));
    await assert.rejects(loadConfig(path), { code: /^CONFIG_/ });
    await writeFile(path, `\ufeff${BASE}`);
    assert.deepEqual((await loadConfig(path)).model.lab?.size, 'tiny');
  });
});
