import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { applyOverride, parseConfig, parseOverride } from '../../src/config/index.js';

const BASE = 'model: { lab: {} }\n';
const parse = (...sets: string[]) => parseConfig(BASE, { path: 'x.yaml', sets });
function refusal(...sets: string[]): GlossaError {
  try {
    parse(...sets);
  } catch (error) {
    assert.ok(error instanceof GlossaError, String((error as Error).stack));
    return error;
  }
  throw new Error('the override was accepted');
}

describe('--set', () => {
  it('reaches one value, and leaves what stands beside it', () => {
    const { mix, problems, pretrain } = parse(
      'model.lab.mix.ko.code_switch=0.02',
      'model.lab.problems.steps.3=1',
      'model.lab.pretrain.steps=7',
    ).model.lab!;
    assert.deepEqual(mix.ko, { share: 0.35, worked: 0, code_switch: 0.02 });
    assert.deepEqual(mix.en, { share: 0.65, worked: 1, code_switch: 0 });
    assert.deepEqual(problems.steps, { '1': 1, '2': 3, '3': 1, '4': 0 });
    assert.deepEqual([pretrain.steps, pretrain.batch_size], [7, 32]);
  });

  it('goes by numbers into lists, begins one with its default, and adds an entry behind the last', () => {
    assert.deepEqual(parse('rewards.0.weight=2').rewards, [{ name: 'accuracy', weight: 2 }]);
    assert.deepEqual(
      parse('rewards.0.name=a', 'rewards.0.module=/a.mjs', 'rewards.0.settings.deep.list[0]=[1]').rewards,
      [{ name: 'a', weight: 1, module: '/a.mjs', settings: { deep: { list: [[1]] } } }],
    );
    assert.deepEqual(parse('rewards[1].name=language').rewards, [
      { name: 'accuracy', weight: 1 },
      { name: 'language', weight: 1 },
    ]);
    assert.equal(parse('data.train.0.lab.language=en').data.train[0]!.lab!.language, 'en');
    assert.equal(parse('data.eval.0={name: a, lab: {}}', 'data.eval[0].limit=3').data.eval[0]!.limit, 3);
  });

  it('takes the last of several, and paths from the working folder', () => {
    assert.equal(parse('seed=1', 'seed=2').seed, 2);
    const config = parseConfig('model: { path: m }\ndata: { train: [{ path: d.jsonl }] }\n', {
      path: 'deep/down/x.yaml',
      sets: ['data.train.0.path=e.jsonl', 'prompt.style=chat'],
    });
    assert.equal(config.model.path, resolve('deep/down/m'));
    assert.equal(config.data.train[0]!.path, resolve('e.jsonl'));
  });

  it('keeps a text that looks like a number or a word of YAML', () => {
    assert.equal(parse('run.name=2024').run.name, '2024');
    assert.equal(parse('run.name=007').run.name, '007');
    assert.equal(parse('run.name=true').run.name, 'true');
    assert.equal(
      parse('prompt.system=Answer: in {language}', 'prompt.style=chat').prompt.system,
      'Answer: in {language}',
    );
    assert.equal(parse('run.name=a=b').run.name, 'a=b');
  });

  const wrong: [set: string, code: string, message: RegExp][] = [
    [
      'rewards.99999999.name=x',
      'CONFIG_OVERRIDE',
      /rewards is a list of one entry, 0; expected a number up to 1, which adds one, got 99999999$/,
    ],
    ['rewards.4294967296.name=x', 'CONFIG_OVERRIDE', /got 4294967296$/],
    ['rewards.9007199254740993.name=x', 'CONFIG_OVERRIDE', /expected a number up to 1/],
    ['rewards.2.name=x', 'CONFIG_OVERRIDE', /up to 1/],
    ['rewards.-1.name=x', 'CONFIG_OVERRIDE', /got -1$/],
    ['rewards[-1].name=x', 'CONFIG_OVERRIDE', /expected setting=value/],
    ['rewards.length=0', 'CONFIG_OVERRIDE', /got length$/],
    ['rewards.name=x', 'CONFIG_OVERRIDE', /got name$/],
    ['rewards.__proto__.x=1', 'CONFIG_OVERRIDE', /got __proto__$/],
    ['data.eval.3={name: a, lab: {}}', 'CONFIG_OVERRIDE', /list of no entries; expected 0, got 3$/],
    ['__proto__.x=1', 'CONFIG_UNKNOWN_KEY', /__proto__: unknown setting/],
    ['constructor.prototype.x=1', 'CONFIG_UNKNOWN_KEY', /constructor: unknown setting/],
    ['grpo.__proto__.x=1', 'CONFIG_UNKNOWN_KEY', /grpo\.__proto__: unknown setting/],
    ['model.init.config.__proto__.x=1', 'CONFIG_OVERRIDE', /no setting is called __proto__/],
    ['prototype=1', 'CONFIG_UNKNOWN_KEY', /unknown setting/],
    ['toString=1', 'CONFIG_UNKNOWN_KEY', /unknown setting/],
    ['hasOwnProperty.x=1', 'CONFIG_UNKNOWN_KEY', /unknown setting/],
    ['seed.x=1', 'CONFIG_OVERRIDE', /seed is a value, not a section/],
    ['0=1', 'CONFIG_UNKNOWN_KEY', /0: unknown setting/],
    [`${'a.'.repeat(10_000)}b=1`, 'CONFIG_OVERRIDE', /expected setting=value/],
    [`model.init.config.${'a.'.repeat(40)}b=1`, 'CONFIG_OVERRIDE', /expected setting=value/],
    ['=1', 'CONFIG_OVERRIDE', /expected setting=value/],
    ['seed', 'CONFIG_OVERRIDE', /expected setting=value/],
    ['a..b=1', 'CONFIG_OVERRIDE', /expected setting=value/],
    ['.seed=1', 'CONFIG_OVERRIDE', /expected setting=value/],
    ['seed=', 'CONFIG_INVALID', /expected number/],
    ['seed=[1', 'CONFIG_OVERRIDE', /the value is not YAML/],
    ['rewards=&a [*a]', 'CONFIG_OVERRIDE', /within what it names/],
    [`rewards=${'['.repeat(50_000)}`, 'CONFIG_OVERRIDE', /more than 64 levels/],
    ['seed=1\n---\n2', 'CONFIG_OVERRIDE', /second document/],
    ['model.lab.mix.5.share=1', 'CONFIG_UNKNOWN_KEY', /mix\.5: unknown setting/],
    ['model.lab.problems.steps.5=1', 'CONFIG_UNKNOWN_KEY', /steps\.5: unknown setting/],
    ['model.lab.mix.korean.share=1', 'CONFIG_UNKNOWN_KEY', /did you mean ko\?/],
  ];
  for (const [set, code, message] of wrong) {
    it(`refuses ${set.slice(0, 40)}`, () => {
      const error = refusal(set);
      assert.equal(error.code, code, error.message);
      assert.ok(error.message.startsWith('--set '), error.message);
      assert.match(error.message, message);
      assert.ok(error.message.length < 400);
      assert.equal(({} as { x?: unknown }).x, undefined);
      assert.equal(([] as { x?: unknown }).x, undefined);
    });
  }

  it('changes no object but the one it is given', () => {
    const target = { rewards: [{ name: 'accuracy' }] };
    for (const text of ['__proto__.polluted=1', 'rewards.0.__proto__.polluted=1'])
      assert.throws(() => {
        applyOverride(target, parseOverride(text));
      }, GlossaError);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
    assert.deepEqual(Object.keys(target), ['rewards']);
  });
});
