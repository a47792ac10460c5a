import assert from 'node:assert/strict';
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
    assert.match((await glossa(['train', '--help'])).stdout, /\$ glossa train studies\/lab\/collapse\.yaml/);
  });

  it('exits with 2 where the command line cannot be meant', async () => {
    const unknown = await glossa(['trian']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /Did you mean train\?/);
    assert.equal((await glossa(['train', '--no-such-option'])).code, 2);
    const nothing = await glossa(['train']);
    assert.equal(nothing.code, 2);
    assert.match(nothing.stderr, /^error USAGE: .*\n {2}glossa train /);
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

  it('prints the JSON Schema of the config', async () => {
    const { stdout } = await glossa(['schema']);
    assert.equal((JSON.parse(stdout) as { type: string }).type, 'object');
    assert.equal((await glossa(['train', '--schema'])).stdout, stdout);
  });
});
