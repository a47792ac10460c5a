import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { glossa } from '../e2e/glossa.js';

describe('the command line', () => {
  it('prints help with examples, and loads nothing to do so', async () => {
    const { code, stdout } = await glossa(['--help']);
    assert.equal(code, 0);
    for (const command of [
      'demo',
      'train',
      'eval',
      'sample',
      'logprobs',
      'fetch',
      'lab',
      'report',
      'score',
      'doctor',
      'schema',
    ])
      assert.match(stdout, new RegExp(`^ +${command} `, 'm'));
    assert.match((await glossa(['train', '--help'])).stdout, /\$ npx glossa train studies\/lab\/collapse\.yaml/);
  });

  it('exits with 2 where the command line cannot be meant', async () => {
    const unknown = await glossa(['trian']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /Did you mean train\?/);
    assert.equal((await glossa(['train', '--no-such-option'])).code, 2);
    const nothing = await glossa(['train']);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /^error USAGE: .*\n {2}npx glossa train /);
    assert.match(
      (await glossa(['sft'])).stderr,
      /^error USAGE: sft needs .*\n {2}npx glossa sft studies\/lab\/sft\.yaml\n/,
    );
    assert.equal((await glossa(['sample', '--model', '.', '--prompt', 'x', '--max-tokens', 'many'])).code, 2);
    assert.equal((await glossa(['lab', '--progress', 'loud'])).code, 2);
  });

  it('prints a failure as error CODE: message with a hint, and exits with 1', async () => {
    const { code, stderr, stdout } = await glossa(['train', 'nowhere.yaml']);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^error CONFIG_NOT_FOUND: /);
    assert.match((await glossa(['report', 'nowhere'])).stderr, /^error RUN_NOT_FOUND: .*\n {2}name the folder/);
    assert.match((await glossa(['eval', 'nowhere', '--data', 'x.jsonl'])).stderr, /^error MODEL_NOT_FOUND: /);
  });

  it('gives a misspelt folder of a run the nearest name, and not a download', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'glossa-runs-'));
    await mkdir(join(dir, 'runs', 'collapse'), { recursive: true });
    const misspelt = join(dir, 'runs', 'colapse');
    const hint = new RegExp(`\\n  did you mean ${join(dir, 'runs', 'collapse')}\\?\\n$`);
    for (const args of [
      ['eval', misspelt, '--data', 'x.jsonl'],
      ['sample', '--model', misspelt, '--prompt', 'x'],
      ['logprobs', '--model', misspelt, 'x.jsonl'],
      ['report', misspelt],
      ['train', '--resume', misspelt],
      ['doctor', '--plan', misspelt, '--config', 'studies/lab/collapse.yaml'],
    ]) {
      const { code, stderr } = await glossa(args);
      assert.equal(code, 1);
      assert.match(stderr, hint, args.join(' '));
      assert.doesNotMatch(stderr, /fetch/);
    }
    const far = await glossa(['sample', '--model', join(dir, 'runs', 'x'), '--prompt', 'x']);
    assert.match(far.stderr, /\n {2}in .*runs there are collapse\n$/);
    await rm(dir, { recursive: true });
  });

  it('given the folder of a run in the place of a config says how the run goes on', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'glossa-run-'));
    try {
      const other = await glossa(['sft', dir]);
      assert.match(other.stderr, /^error NOT_A_FILE: .* is a folder; expected a regular file\n/);
      assert.doesNotMatch(other.stderr, /--resume/);
      await writeFile(join(dir, 'run.json'), '{}');
      for (const args of [['train'], ['sft'], ['sft', '--dry-run']]) {
        const { code, stderr } = await glossa([...args, dir]);
        assert.equal(code, 1);
        const hint = `npx glossa ${args[0]!} --resume ${dir} goes on with the run`;
        assert.equal(stderr, `error NOT_A_FILE: ${dir} is the folder of a run; expected a config\n  ${hint}\n`);
      }
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });

  it('prints the JSON Schema of the config', async () => {
    const { stdout } = await glossa(['schema']);
    assert.equal((JSON.parse(stdout) as { type: string }).type, 'object');
    assert.equal((await glossa(['train', '--schema'])).stdout, stdout);
  });
});
