import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Draws } from '../../src/lab/random.js';

test('a stream depends on its name alone, and streams of other names differ', () => {
  const stream = (seed: number, purpose: number, index: number) => {
    const draws = new Draws(seed, purpose, index);
    return Array.from({ length: 9 }, () => draws.bits());
  };
  const first = stream(7, 1, 3);
  assert.deepEqual(stream(7, 1, 3), first);
  for (const other of [stream(8, 1, 3), stream(7, 2, 3), stream(7, 1, 4), stream(7 + 2 ** 40, 1, 3)]) {
    assert.ok(other.every((bits, i) => bits !== first[i]));
  }
});

test('draws below n are even, and weighted draws follow their weights', () => {
  const draws = new Draws(1, 1, 1);
  const n = 60_000;
  const faces = new Array<number>(6).fill(0);
  const weighted = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    faces[draws.below(6)]!++;
    weighted[draws.weighted([1, 0, 3])]!++;
  }
  const standardError = Math.sqrt(n * (1 / 6) * (5 / 6));
  for (const count of faces) assert.ok(Math.abs(count - n / 6) < 5 * standardError, String(faces));
  assert.equal(weighted[1], 0);
  assert.ok(Math.abs(weighted[2]! / n - 0.75) < 0.01);
});
