import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Draws, philox4x32 } from '../../src/lab/random.js';

test('Philox gives the known answers of Random123', () => {
  const max = 0xffffffff;
  const cases = [
    { key: [0, 0], counter: [0, 0, 0, 0], out: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    { key: [max, max], counter: [max, max, max, max], out: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd] },
    {
      key: [0xa4093822, 0x299f31d0],
      counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      out: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ] as const;
  for (const { key, counter, out } of cases) assert.deepEqual([...philox4x32(key, counter)], out);
});

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
