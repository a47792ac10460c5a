import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { nativeInfo, runGolden } from '../../src/engine/index.js';
import { GOLDEN_CASES } from '../shared.js';

/** Errors of PyTorch's own bfloat16 against the float32 of each case; docs/golden.md says how they were had. */
const pytorch = JSON.parse(readFileSync(new URL('../golden/bfloat16.json', import.meta.url), 'utf8')) as {
  error: Record<string, Record<string, number>>;
};

describe('the golden cases', () => {
  it('come out within their bounds, none left out', async () => {
    const results = await runGolden(GOLDEN_CASES);
    assert.ok(results.length >= 47);
    assert.deepEqual(
      results.filter(({ state }) => state !== 'pass'),
      [],
    );
  });

  it('are off by at most twice PyTorch’s own error in bfloat16, on every instruction set', async (t) => {
    for (const isa of nativeInfo().isas) {
      const results = await runGolden(GOLDEN_CASES, { isa, dtype: 'bfloat16' });
      for (const [name, error] of Object.entries(pytorch.error)) {
        const found = results.find((each) => each.name === name);
        assert.equal(found?.state, 'pass', `${isa} ${name}: ${found?.detail ?? 'not run'}`);
        const ratios = ['logits', 'token_logps', 'grad'].map((measure) => {
          const ours = found.measures.find((each) => each.name === measure);
          assert.ok(ours !== undefined && ours.error > 0, `${isa} ${name}: ${measure} was not computed in bfloat16`);
          return ours.error / error[measure]!;
        });
        t.diagnostic(`${isa} ${name}: ${ratios.map((ratio) => ratio.toFixed(2)).join(' ')}`);
        assert.ok(Math.max(...ratios) <= 2, `${isa} ${name}: ${ratios.join(' ')}`);
      }
    }
  });
});

describe('runGolden', () => {
  it('names a folder that is not there', async () => {
    await assert.rejects(runGolden('/no/such/cases'), /no\/such\/cases/);
  });
});
