import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, it } from 'node:test';
import type { GlossaError } from '../../src/base/error.js';
import { planSweep, readSweepFile } from '../../src/sweep/index.js';
import { sweepFile } from './sweep_file.js';

const HEAD = 'base: { model: { lab: {} } }\n';

async function refusal(text: string): Promise<{ code: string; message: string }> {
  const { root, path } = await sweepFile(text);
  try {
    await planSweep(await readSweepFile(path), `${root}/out`);
  } catch (error) {
    const { code, message } = error as GlossaError;
    return { code, message: message.replaceAll(path, 'sweep.yaml') };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  throw new Error('nothing was refused');
}

const CASES: [what: string, text: string, code: string, message: RegExp][] = [
  [
    'values that are no finite numbers',
    `${HEAD}axes:\n  grpo.temperature: [.nan, .inf]`,
    'SWEEP_INVALID',
    /grpo\.temperature: expected finite numbers, got NaN/,
  ],
  [
    'an axis that no config has',
    `${HEAD}axes:\n  grpo.temprature: [1]`,
    'CONFIG_UNKNOWN_KEY',
    /^sweep\.yaml:3:3 \(axis grpo\.temprature\): .*did you mean temperature\?/,
  ],
  [
    'a value that no run could take',
    `${HEAD}axes:\n  grpo.temperature: [1, -1]`,
    'CONFIG_INVALID',
    /^sweep\.yaml:3:25 \(axis grpo\.temperature\): grpo\.temperature: .*got -1 \(run temperature=-1\)/,
  ],
  [
    'a combination that cannot be run',
    `${HEAD}axes:\n  grpo.num_generations: [8]\n  grpo.generation_batch_size: [8, 12]`,
    'CONFIG_IMPOSSIBLE',
    /^sweep\.yaml:4:35 \(axis grpo\.generation_batch_size\): .*12 completions cannot be divided/,
  ],
  [
    'a value of an arm',
    `${HEAD}arms:\n  - { name: hot, set: { grpo.temperature: warm } }`,
    'CONFIG_INVALID',
    /^sweep\.yaml:3:43 \(arm hot\): grpo\.temperature: expected number/,
  ],
  [
    'a value of set',
    `${HEAD}set: { grpo.max_steps: 0 }`,
    'CONFIG_INVALID',
    /^sweep\.yaml:2:24 \(set\): grpo\.max_steps: /,
  ],
  [
    'a fault of a base that stands in the file',
    'base:\n  model: { lab: {} }\n  grpo: { max_stepz: 1 }',
    'CONFIG_UNKNOWN_KEY',
    /^sweep\.yaml:3:11: grpo\.max_stepz: .*did you mean max_steps\?/,
  ],
  ['a base that is not there', 'base: none.yaml', 'CONFIG_NOT_FOUND', /^sweep\.yaml:1:7: base: .*none\.yaml/],
  ['a base that is a sweep', 'base: sweep.yaml', 'SWEEP_INVALID', /^sweep\.yaml:1:7: base: .* is a sweep file itself/],
  [
    'a setting that objects have by themselves',
    `${HEAD}set: { constructor.name: 1 }`,
    'CONFIG_UNKNOWN_KEY',
    /^sweep\.yaml:2:8 \(set\): constructor: unknown setting/,
  ],
  [
    'two axes of one setting',
    `${HEAD}axes:\n  rewards.0.weight: [1, 2]\n  rewards[0].weight: [3, 4]`,
    'SWEEP_INVALID',
    /^sweep\.yaml:4:3: .*take the place of those of rewards\.0\.weight/,
  ],
  [
    'an axis that takes the place of the one above',
    `${HEAD}axes:\n  grpo.temperature: [1, 2]\n  grpo: [{ max_steps: 3 }]`,
    'SWEEP_INVALID',
    /^sweep\.yaml:4:3: grpo: .*take the place of those of grpo\.temperature/,
  ],
  [
    'a condition where there is nothing to name',
    `${HEAD}skip: [{ grpo.temperature: 1 }]`,
    'SWEEP_INVALID',
    /may name nothing: no arm and no axis/,
  ],
  [
    'a comparison that no run comes to',
    `${HEAD}seeds: 2\nset: { grpo.max_steps: 8 }\nhalving: { metric: accuracy, at: [4, 8] }`,
    'SWEEP_INVALID',
    /^sweep\.yaml:4:38: halving\.at: no run goes on after step 8/,
  ],
  ['more runs than a sweep may have', `${HEAD}seeds: 100001`, 'SWEEP_INVALID', /may have 100000/],
  [
    'an entry that a sweep has not',
    `${HEAD}axis: {}`,
    'SWEEP_INVALID',
    /^sweep\.yaml:2:1: axis: a sweep has no such entry; did you mean axes\?/,
  ],
  [
    'an entry of an axis',
    `${HEAD}axes:\n  grpo.temperature: { uniforme: [0, 1] }`,
    'SWEEP_INVALID',
    /^sweep\.yaml:3:23: .*did you mean uniform\?/,
  ],
  ['no base', 'name: x', 'SWEEP_INVALID', /base: is missing/],
  [
    'a range in a grid',
    `${HEAD}axes:\n  grpo.temperature: { uniform: [0.5, 1] }`,
    'SWEEP_INVALID',
    /^sweep\.yaml:3:21: grpo\.temperature: a range has no values/,
  ],
  [
    'a range that has no end',
    `${HEAD}axes:\n  grpo.temperature: { from: 1, to: 2 }`,
    'SWEEP_INVALID',
    /needs from, to and count/,
  ],
  [
    'a range the wrong way round',
    `${HEAD}method: random\nsamples: 2\naxes:\n  grpo.temperature: { uniform: [2, 1] }`,
    'SWEEP_INVALID',
    /\[a, b\] with a below b/,
  ],
  [
    'a logarithm of nothing',
    `${HEAD}method: random\nsamples: 2\naxes:\n  grpo.temperature: { log: [0, 1] }`,
    'SWEEP_INVALID',
    /above 0/,
  ],
  ['draws without a number', `${HEAD}method: random\naxes:\n  grpo.temperature: [1]`, 'SWEEP_INVALID', /needs samples/],
  ['samples of a grid', `${HEAD}samples: 3\naxes:\n  grpo.temperature: [1]`, 'SWEEP_INVALID', /samples belongs to/],
  [
    'axes of a list that are not as long',
    `${HEAD}method: list\naxes:\n  grpo.temperature: [1, 2]\n  grpo.beta: [0]`,
    'SWEEP_INVALID',
    /^sweep\.yaml:5:14: grpo\.beta: .*expected 2 values/,
  ],
  ['a value given twice', `${HEAD}axes:\n  grpo.temperature: [1, 1.0]`, 'SWEEP_INVALID', /1 is there twice/],
  ['seeds as a setting', `${HEAD}axes:\n  seed: [1, 2]`, 'SWEEP_INVALID', /seeds are an axis of their own/],
  ['folders of runs', `${HEAD}set: { run.dir: x }`, 'SWEEP_INVALID', /folders are the sweep's/],
  [
    'a name that is no setting',
    `${HEAD}axes:\n  "grpo temperature": [1]`,
    'SWEEP_INVALID',
    /expected the name of a setting/,
  ],
  [
    'a condition on what is not there',
    `${HEAD}axes:\n  grpo.temperature: { values: [1], when: { arm: x } }`,
    'SWEEP_INVALID',
    /a condition may name/,
  ],
  [
    'a condition that never holds',
    `${HEAD}axes:\n  grpo.temperature: [1]\nskip: [{ grpo.temperature: 3 }]`,
    'SWEEP_INVALID',
    /^sweep\.yaml:4:10: grpo\.temperature is never 3; it is 1/,
  ],
  [
    'nothing left',
    `${HEAD}axes:\n  grpo.temperature: [1]\nskip: [{ grpo.temperature: 1 }]`,
    'SWEEP_INVALID',
    /skip leaves no run/,
  ],
  ['a baseline that is no arm', `${HEAD}arms: [{ name: a }]\nbaseline: b`, 'SWEEP_INVALID', /no arm is called b/],
  [
    'a metric that is none',
    `${HEAD}halving: { metric: acuracy, at: [2] }`,
    'SWEEP_INVALID',
    /^sweep\.yaml:2:20: .*did you mean accuracy\?/,
  ],
  ['arms of one name', `${HEAD}arms: [{ name: a }, { name: a }]`, 'SWEEP_INVALID', /a is there twice/],
  [
    'more runs than there is room for',
    `${HEAD}axes:\n  grpo.temperature: { from: 0.5, to: 1, count: 2000 }\n  grpo.beta: { from: 0, to: 1, count: 2000 }`,
    'SWEEP_INVALID',
    /4\.0e\+6 runs/,
  ],
  ['a file that is no YAML', 'base: [', 'CONFIG_SYNTAX', /sweep\.yaml:1/],
];

describe('a sweep file is refused, with line and axis, for', () => {
  for (const [what, text, code, message] of CASES) {
    it(what, async () => {
      const got = await refusal(text);
      assert.equal(got.code, code, got.message);
      assert.match(got.message, message);
    });
  }

  it('one cause once, however many runs have it', async () => {
    const { message } = await refusal(`${HEAD}axes:\n  grpo.temperature: [-1]\n  grpo.beta: [0, 0.1]\nseeds: 3`);
    assert.equal(message.split('\n').length, 1);
    assert.match(message, /\(all runs\)$/);
  });
});
