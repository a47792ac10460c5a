import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runGolden } from '../../src/engine/index.js';
import { sharedPath } from '../shared.js';

const cases = sharedPath('golden/cases');

describe('the golden cases', { skip: existsSync(cases) ? false : `no reference cases at ${cases}` }, () => {
  it('come out within their bounds', async () => {
    const results = await runGolden(cases);
    assert.ok(results.some(({ state }) => state === 'pass'));
    const failures = results.filter(({ state }) => state === 'fail' || state === 'error');
    assert.deepEqual(failures, []);
  });
});

describe('runGolden', () => {
  it('names a folder that is not there', async () => {
    await assert.rejects(runGolden('/no/such/cases'), /no\/such\/cases/);
  });
});
