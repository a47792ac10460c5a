import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planMemory, rolloutColumns } from '../../src/engine/index.js';
import { createTiny, generateRequest, TINY } from './tiny.js';

describe('a limit of keys and values', () => {
  const request = generateRequest({ numGenerations: 6, maxNewTokens: 100, stopIds: [] });

  it('changes no result', async () => {
    const free = await createTiny();
    const all = rolloutColumns(await free.generate(request));
    const limited = await createTiny({ kvCacheBytes: 150_000 });
    const some = rolloutColumns(await limited.generate(request));
    assert.deepEqual(some.completions.ids, all.completions.ids);
    assert.deepEqual(some.logps, all.logps);
    await Promise.all([free.dispose(), limited.dispose()]);
  });

  it('is counted by the plan', () => {
    const run = { generations: [{ prompts: 64, samples: 64, promptTokens: 60, newTokens: 100, slots: 1024 }] };
    const bytes = (kvCacheBytes?: number) =>
      planMemory(TINY.config, run, kvCacheBytes ? { kvCacheBytes } : {}).terms.find(
        (term) => term.name === 'sampling: keys and values',
      )!.bytes;
    const limit = 2 ** 20;
    assert.ok(bytes(limit) <= limit + 4 * 2 ** 20 && bytes(limit) < bytes());
  });

  it('that one completion does not fit in is refused with both figures', async () => {
    let least = 0;
    const refused = async (kvCacheBytes: number) => {
      const engine = await createTiny({ kvCacheBytes });
      await assert.rejects(engine.generate(request), (error: { code?: string; message: string }) => {
        assert.equal(error.code, 'KV_CACHE_TOO_SMALL');
        const told = /takes (\d+) bytes of keys and values; kv_cache_gb has room for \d+: set it to ([\d.]+) or more/;
        const [, bytes, gb] = told.exec(error.message) ?? [];
        assert.equal(Number(bytes), Math.round(Number(gb) * 1e9));
        least = Number(bytes);
        return true;
      });
      await engine.dispose();
    };
    await refused(1000);
    await refused(least - 1);
    const enough = await createTiny({ kvCacheBytes: least });
    await enough.generate(request);
    await enough.dispose();
  });
});
