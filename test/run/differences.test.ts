import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkRaw, knownSettings } from '../../src/config/index.js';
import { configDifferences, readingDifferences, settingDifferences } from '../../src/run/index.js';

const config = (raw: object): unknown =>
  JSON.parse(JSON.stringify(checkRaw({ run: { dir: '/run', name: 'run' }, ...raw }, { path: 'c', overrides: [] })));

const read = (written: unknown) => ({
  written,
  read: checkRaw(knownSettings(written), { path: 'c', overrides: [] }),
});

/** Every setting, section and list of a config that is not an entry of a list, with what the config is without it. */
function* lackingOne(value: object, wrap: (part: object) => object, name = ''): Generator<[string, object]> {
  for (const [key, child] of Object.entries(value) as [string, unknown][]) {
    const { [key]: _left, ...rest } = value as Record<string, unknown>;
    if (!Array.isArray(value)) yield [`${name}${key}`, wrap(rest)];
    const inner = (part: object) =>
      wrap(Array.isArray(value) ? value.with(Number(key), part) : { ...rest, [key]: part });
    if (typeof child === 'object' && child !== null) yield* lackingOne(child, inner, `${name}${key}.`);
  }
}

describe('the config of another version', () => {
  it('differs in nothing by any setting that it lacks and that has its default', () => {
    const lab = { size: 'small', mix: { ko: { share: 1 }, zh: { share: 1 } } };
    const data = { train: [{ lab: { language: 'ko' } }], eval: [{ name: 'a', lab: {} }] };
    const now = config({ model: { lab }, data, rewards: [{ name: 'accuracy' }, { name: 'language' }] });
    const told: string[] = [];
    let free = 0;
    for (const [name, written] of lackingOne(now as object, (part) => part)) {
      let recorded;
      try {
        recorded = read(written);
      } catch {
        continue; // A setting without which there is no config.
      }
      assert.deepEqual(readingDifferences(recorded), [], name);
      const differences = configDifferences(recorded, now);
      const isDefault = settingDifferences(recorded.read, now).length === 0;
      assert.equal(differences.length === 0, isDefault, name);
      if (isDefault) free++;
      else told.push(name);
    }
    // What was set otherwise than by default, and what has no default.
    for (const name of ['model.lab.size', 'model.lab.mix.zh', 'rewards', 'data.eval'])
      assert.ok(told.includes(name), name);
    for (const name of [
      'kv_cache_gb',
      'recompute',
      'model.trainable',
      'model.lab.pretrain',
      'rollouts',
      'data.eval.0.on_bad_row',
      'prompt',
    ])
      assert.ok(!told.includes(name), name);
    assert.ok(free > 90, String(free));
  });

  it('is told from what is now by what it had not, what is otherwise, and what there is no longer', () => {
    const all = config({ model: { path: '/m' }, data: { train: [{ path: '/d.jsonl' }] }, grpo: { temperature: 0.5 } });
    const { kv_cache_gb: _later, answer: _too, ...written } = all as Record<string, unknown>;
    const model = { path: '/m', trainable: ['a', 'b'] };
    const recorded = read({ ...written, model: { path: '/m' }, rollouts: {}, old: [] });
    const train = [{ path: '/d.jsonl', limit: 5 }];
    const now = config({ model, data: { train }, kv_cache_gb: 2, rollouts: { every: 3 } });
    assert.deepEqual(
      configDifferences(recorded, now)
        .map(({ what, then, now: after }) => `${what}: ${then} -> ${after}`)
        .sort(),
      [
        'data.train[0].limit: not set -> 5',
        'grpo.temperature: 0.5 -> 1',
        'kv_cache_gb: not in that version -> 2',
        'model.trainable[0]: not in that version -> "a"',
        'model.trainable[1]: not in that version -> "b"',
        'rollouts.every: not in that version -> 3',
      ],
    );
    assert.deepEqual(readingDifferences(recorded), [{ what: 'old', then: '[]', now: 'not in this version' }]);
  });
});
