import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differ, difference, wilson } from '../../src/base/interval.js';

const round = ({ low, high }: { low: number; high: number }) => [low, high].map((value) => Number(value.toFixed(4)));
const of = (successes: number, n: number) => ({ share: successes / n, n });

test('Wilson intervals are those of Newcombe’s table (Statistics in Medicine 17, 1998, 857-872)', () => {
  assert.deepEqual(round(wilson(of(81, 263))), [0.2553, 0.3662]);
  assert.deepEqual(round(wilson(of(15, 148))), [0.0624, 0.1605]);
  assert.deepEqual(round(wilson(of(0, 20))), [0, 0.1611]);
  assert.deepEqual(round(wilson(of(1, 29))), [0.0061, 0.1718]);
});

test('differences are those of Newcombe’s table (Statistics in Medicine 17, 1998, 873-890, method 10)', () => {
  assert.deepEqual(round(difference(of(48, 80), of(56, 70))), [0.0524, 0.3339]);
  assert.deepEqual(round(difference(of(3, 10), of(9, 10))), [0.1705, 0.809]);
  assert.deepEqual(round(difference(of(2, 7), of(6, 7))), [0.0582, 0.8062]);
  assert.deepEqual(round(difference(of(0, 29), of(5, 56))), [-0.0381, 0.1926]);
  assert.deepEqual(round(difference(of(0, 20), of(0, 10))), [-0.1611, 0.2775]);
});

test('a difference is one where its interval leaves 0 out', () => {
  assert.ok(differ(of(48, 80), of(56, 70)));
  assert.ok(!differ(of(0, 29), of(5, 56)));
  assert.ok(!differ(of(3, 10), of(3, 10)));
});
