import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { nativeInfo, runGolden } from '../../src/engine/index.js';
import { sharedPath } from '../shared.js';

/** Errors of PyTorch's own bfloat16 against the float32 of each case; docs/golden.md says how they were had. */
const pytorch = JSON.parse(readFileSync(new URL('fixtures/golden_bfloat16.json', import.meta.url), 'utf8')) as {
  error: Record<string, Record<string, number>>;
};
const cases = sharedPath('golden/cases');

describe('the golden cases', { skip: existsSync(cases) ? false : `no reference cases at ${cases}` }, () => {
  it('come out within their bounds', async () => {
    const results = await runGolden(cases);
    assert.ok(results.some(({ state }) => state === 'pass'));
    const failures = results.filter(({ state }) => state === 'fail' || state === 'error');
    assert.deepEqual(failures, []);
  });

  it('are off by at most twice PyTorch’s own error in bfloat16, on every instruction set', async (t) => {
    for (const isa of nativeInfo().isas) {
      const results = await runGolden(cases, { isa, dtype: 'bfloat16' });
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
