import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GlossaError } from '../../src/base/error.js';
import { parseConfig } from '../../src/config/index.js';
import type { MemoryPlan } from '../../src/engine/types.js';
import { fitText, settingsThatFit, shortOfMemory } from '../../src/inputs/index.js';
import { withWeightsAdvice } from '../../src/inputs/model.js';

const { lora } = parseConfig('model: { lab: {} }\nlora: {}\n', { path: 'a.yaml', sets: [] });
const config = parseConfig('model: { lab: {} }\n', { path: 'a.yaml', sets: [] });
type Config = typeof config;
const term = (name: string, bytes: number, shared = false) => ({ name, bytes, shared, ofHost: false });

/** A model of 4 GB and moments, 1 MB a row of a micro-batch, keys and values of 10 GB where they are not limited. */
function plan({ optimizer, kv_cache_gb: limit, dtype, grpo }: Config): MemoryPlan {
  const rows = optimizer.micro_batch_tokens || 8192;
  const weights = dtype === 'float32' ? 4e9 : 3e9;
  const keys = Math.min(limit > 0 ? limit * 1e9 : Infinity, (10e9 * grpo.max_completion_length) / 256);
  return {
    terms: [
      term('weights, float32', weights),
      term('optimizer moments', 4e9),
      term('micro-batch: activations', rows * 1e6, true),
      term('sampling: keys and values', keys, true),
    ],
    total: weights + 4e9 + Math.max(rows * 1e6, keys),
    host: 0,
    microBatchRows: rows,
    microBatchTokens: rows,
  };
}
const upTo = (gb: number) => (one: MemoryPlan) => one.total <= gb * 1e9;
const base: Config = { ...config, dtype: 'float32', grpo: { ...config.grpo, max_completion_length: 256 } };
const fit = (gb: number, from = base) => settingsThatFit(from, plan, upTo(gb));

describe('settings with which a run fits', () => {
  it('are the greatest that do, one by itself where that is enough', () => {
    assert.deepEqual(fit(17.5), { settings: ['kv_cache_gb: 9.5', 'dtype: bfloat16'], together: false });
    const narrow: Config = { ...base, dtype: 'bfloat16', kv_cache_gb: 2 };
    assert.deepEqual(fit(10, narrow), { settings: ['optimizer.micro_batch_tokens: 2944'], together: false });
    assert.ok(plan({ ...narrow, optimizer: { ...narrow.optimizer, micro_batch_tokens: 2944 } }).total <= 10e9);
    assert.ok(plan({ ...narrow, optimizer: { ...narrow.optimizer, micro_batch_tokens: 3008 } }).total > 10e9);
  });

  it('are several together where none is enough', () => {
    assert.deepEqual(fit(9), {
      settings: ['dtype: bfloat16', 'optimizer.micro_batch_tokens: 1984', 'kv_cache_gb: 2'],
      together: true,
    });
  });

  it('are said where the weights alone have no room, and nothing is said of other errors', () => {
    const refused = new GlossaError('OUT_OF_MEMORY', 'the weights take 9.0 GB');
    const advised = (settings: Partial<Config>) =>
      withWeightsAdvice(refused, { ...config, ...settings }) as GlossaError;
    assert.equal(advised({}).code, 'OUT_OF_MEMORY');
    assert.match(advised({ dtype: 'float32' }).hint!, /less take: dtype: bfloat16; lora, .*; a smaller model/);
    assert.match(advised({ dtype: 'bfloat16', lora }).hint!, /less take: a smaller model/);
    const other = new GlossaError('NONFINITE', 'a weight');
    assert.equal(withWeightsAdvice(other, config), other);
  });

  it('are none where the model itself is too large', () => {
    assert.equal(fit(6), undefined);
    assert.match(fitText(undefined), /no other setting makes it fit: lora, /);
  });

  it('make whole layers again where that is enough, alone or beside others', () => {
    const again = (changed: Config): MemoryPlan => {
      const kept = plan({ ...changed, dtype: 'bfloat16' });
      const saved = changed.recompute === 'full' ? 1e9 : 0;
      return { ...kept, total: kept.total - saved };
    };
    const narrow: Config = { ...base, dtype: 'bfloat16', kv_cache_gb: 2, optimizer: { ...base.optimizer } };
    const small = { ...narrow, optimizer: { ...narrow.optimizer, micro_batch_tokens: 64 } };
    assert.deepEqual(settingsThatFit(small, again, upTo(8)), {
      settings: ['kv_cache_gb: 1', 'recompute: full'],
      together: false,
    });
    const all = settingsThatFit(base, again, upTo(6.2))!;
    assert.equal(all.together, true);
    assert.equal(all.settings[1], 'recompute: full');
  });

  it('leave out what the engine refuses', () => {
    const refusing = (changed: Config) => {
      if (changed.kv_cache_gb > 0) throw new Error('KV_CACHE_TOO_SMALL');
      return plan(changed);
    };
    assert.deepEqual(settingsThatFit({ ...base, dtype: 'bfloat16' }, refusing, upTo(9)), {
      settings: ['grpo.max_completion_length: 51', 'optimizer.micro_batch_tokens: 1984'],
      together: true,
    });
  });
});

describe('a warning before a run that does not fit', () => {
  const memory = (gb: number | undefined) => () => Promise.resolve(gb === undefined ? undefined : gb * 1e9);
  const short = (gb: number | undefined) => shortOfMemory({ plan: plan(base), config: base, replan: plan }, memory(gb));

  it('names what is still needed beside what is left, the largest terms, and settings that would fit', async () => {
    const warning = (await short(12)) ?? '';
    assert.match(warning, /14\.0 GB more .* 12\.0 GB are left/);
    assert.match(warning, /the largest: sampling: keys and values 10\.0 GB, micro-batch: activations 8\.2 GB/);
    assert.match(warning, /with any one of these it fits|with kv_cache_gb: 8 it fits|together/);
  });

  it('is not given where what is left is enough, or where the system does not tell', async () => {
    assert.equal(await short(14), undefined);
    assert.equal(await short(undefined), undefined);
  });
});
