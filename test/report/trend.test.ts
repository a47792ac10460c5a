import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trend } from '../../src/report/trend.js';

const points = (values: Record<number, number | null>) =>
  Object.entries(values).map(([step, value]) => ({ step: Number(step), value }));
const says = (values: Record<number, number | null>, apart?: boolean) =>
  trend(points(values), apart === undefined ? undefined : () => apart);

test('what comes back is not called steady', () => {
  assert.equal(says({ 0: 0, 4: 0.33, 8: 0 }), '0.0 % at step 0 and again at step 8, highest 33.0 % at step 4');
  assert.equal(
    says({ 0: 0.9, 4: 0.1, 8: 0.8 }, false),
    '90.0 % at step 0, 80.0 % at step 8 (no difference beyond noise), lowest 10.0 % at step 4',
  );
  assert.equal(
    says({ 0: 0.5, 1: 0.9, 2: 0.1, 3: 0.6 }),
    '50.0 % at step 0, 60.0 % at step 3, highest 90.0 % at step 1, lowest 10.0 % at step 2',
  );
});

test('a change is a change only beyond noise', () => {
  assert.equal(says({ 0: 0.1, 8: 0.6 }, true), 'rose from 10.0 % at step 0 to 60.0 % at step 8');
  assert.equal(says({ 0: 0.6, 8: 0.1 }, true), 'fell from 60.0 % at step 0 to 10.0 % at step 8');
  assert.equal(says({ 0: 0.6, 8: 0.5 }, false), '60.0 % at step 0, 50.0 % at step 8 (no difference beyond noise)');
  assert.equal(says({ 0: 0.6, 8: 0.1 }), '60.0 % at step 0, 10.0 % at step 8');
});

test('what does not move is said of every step', () => {
  assert.equal(says({ 0: 1, 4: 1, 8: 1 }), '100.0 % at steps 0, 4 and 8');
  assert.equal(says({ 0: 1, 2: 1, 4: 1, 6: 1, 8: 1 }), '100.0 % at each of 5 steps from 0 to 8');
});

test('what is not there is said, and never a number', () => {
  assert.equal(says({ 4: 0.5 }), '50.0 % at step 4');
  assert.equal(says({ 0: 0.5, 8: null }), '50.0 % at step 0, no value at step 8');
  assert.equal(says({ 0: null, 4: 0.5, 8: null }), '50.0 % at step 4, no value at steps 0 and 8');
  assert.equal(says({ 0: null, 8: null }), 'without a value at steps 0 and 8');
  assert.equal(says({}), 'without a value at any step');
});
