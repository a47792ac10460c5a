import assert from 'node:assert/strict';
import { it } from 'node:test';
import { rowIds, rowLength, sliceTokens, toRagged } from '../../src/base/ragged.js';

it('rows end to end are cut without a copy of their ids', () => {
  const all = toRagged([[1, 2], [], [3], [4, 5, 6]]);
  assert.deepEqual([...all.offsets], [0, 2, 2, 3, 6]);
  assert.equal(rowLength(all, 3), 3);
  assert.deepEqual([...rowIds(all, 3)], [4, 5, 6]);
  assert.equal(rowIds(all, 3).buffer, all.ids.buffer);
  assert.deepEqual([...sliceTokens(Float32Array.of(0, 1, 2, 3, 4, 5), all, 2, 4)], [2, 3, 4, 5]);
});
