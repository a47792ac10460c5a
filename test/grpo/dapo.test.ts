import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupVerdict, overlongPunishment } from '../../src/grpo/index.js';

test('the soft overlong punishment falls along a line over the buffer, and is -1 beyond the end', () => {
  const punish = (tokens: number) => overlongPunishment(tokens, { longest: 20, buffer: 4 });
  // Equation 13 of DAPO: L_max = 20, L_cache = 4.
  assert.deepEqual([1, 15, 16].map(punish), [0, 0, 0]);
  assert.deepEqual([17, 18, 19, 20].map(punish), [-0.25, -0.5, -0.75, -1]);
  assert.equal(punish(21), -1);
});

test('a group is judged by its verdicts alone, and by those that there are', () => {
  assert.equal(groupVerdict([true, false, null]), 'mixed');
  assert.equal(groupVerdict([true, null, true]), 'all_right');
  assert.equal(groupVerdict([null, false]), 'all_wrong');
  assert.equal(groupVerdict([null, null]), 'unjudged');
});
