import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MemoryPlan } from '../../src/engine/types.js';
import { shortOfMemory } from '../../src/inputs/memory.js';

const term = (name: string, bytes: number) => ({ name, bytes, shared: false });
const plan: MemoryPlan = {
  terms: [term('weights, float32', 2e9), term('weights, packed', 1e9), term('optimizer moments', 4e9)],
  total: 7e9,
  microBatchRows: 746,
};

describe('a warning before a run that does not fit', () => {
  it('names what is still needed beside what is left, and what to change', async () => {
    const warning = await shortOfMemory(plan, () => Promise.resolve(3.9e9));
    assert.match(warning ?? '', /4\.0 GB more .* 3\.9 GB are left/);
    assert.match(warning ?? '', /micro_batch_tokens below 746/);
  });

  it('is not given where what is left is enough, or where the system does not tell', async () => {
    assert.equal(await shortOfMemory(plan, () => Promise.resolve(4e9)), undefined);
    assert.equal(await shortOfMemory(plan, () => Promise.resolve(undefined)), undefined);
  });
});
