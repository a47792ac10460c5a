import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { philox4x32 } from '../../src/base/philox.js';
import { promptOrder } from '../../src/data/index.js';
import type { DataSet, Problem } from '../../src/data/types.js';

/** What an order needs of a set. */
type OrderedSet = Pick<DataSet<Problem[]>, 'problems' | 'settings'>;

function set(name: string, size: number, weight?: number): OrderedSet {
  const problems = Array.from({ length: size }, (_, i): Problem => ({
    id: `${name}${i}`,
    question: 'q',
    answer: '1',
    language: 'ko',
  }));
  return { problems, settings: { path: `${name}.jsonl`, weight } };
}
const take = (sets: OrderedSet[], seed: bigint, from: number, to: number): string[] => {
  const at = promptOrder(sets, seed);
  return Array.from({ length: to - from }, (_, i) => at(from + i).id);
};
const counts = (ids: readonly string[]): Map<string, number> => {
  const map = new Map<string, number>();
  for (const id of ids) map.set(id, (map.get(id) ?? 0) + 1);
  return map;
};

test('philox4x32-10 gives the known answers of Random123', () => {
  const hex = (key: bigint, ...c: [number, number, number, number]): string =>
    philox4x32(key, ...c)
      .map((word) => word.toString(16).padStart(8, '0'))
      .join(' ');
  assert.equal(hex(0n, 0, 0, 0, 0), '6627e8d5 e169c58d bc57ac4c 9b00dbd8');
  assert.equal(
    hex(0xffffffffffffffffn, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff),
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
  );
  assert.equal(
    hex(0x299f31d0a4093822n, 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344),
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  );
});

test('an epoch is every problem exactly once, each epoch in another order', () => {
  for (const size of [1, 2, 3, 7, 64, 65, 1000]) {
    const sets = [set('a', size)];
    const first = take(sets, 1n, 0, size);
    const second = take(sets, 1n, size, 2 * size);
    assert.equal(new Set(first).size, size);
    assert.equal(new Set(second).size, size);
    if (size > 10) {
      assert.notDeepEqual(first, second);
      assert.notDeepEqual(first, take(sets, 2n, 0, size));
      assert.notDeepEqual(
        first,
        sets[0]!.problems.map(({ id }) => id),
      );
    }
  }
});

test('any index can be asked for alone', () => {
  const sets = [set('a', 50), set('b', 20, 2)];
  const all = take(sets, 9n, 0, 500);
  assert.deepEqual(take(sets, 9n, 321, 500), all.slice(321));
  assert.equal(promptOrder(sets, 9n)(499).id, all[499]);
});

test('weights: twice an epoch, once in two epochs, never', () => {
  const sets = [set('a', 30), set('b', 10, 2), set('c', 40, 0.5), set('d', 5, 0)];
  const epoch = 30 + 20 + 20;
  const first = counts(take(sets, 3n, 0, epoch));
  for (let i = 0; i < 30; i++) assert.equal(first.get(`a${i}`), 1);
  for (let i = 0; i < 10; i++) assert.equal(first.get(`b${i}`), 2);
  assert.equal([...first.keys()].filter((id) => id.startsWith('c')).length, 20);
  const both = counts(take(sets, 3n, 0, 2 * epoch));
  for (let i = 0; i < 40; i++) assert.equal(both.get(`c${i}`), 1);
  assert.equal(
    [...both.keys()].some((id) => id.startsWith('d')),
    false,
  );
});

test('a weight that is not a whole number keeps its proportion, and each problem its turn', () => {
  const sets = [set('a', 10), set('b', 7, 1.5)];
  const epoch = 10 + 11;
  const many = counts(take(sets, 4n, 0, epoch * 7));
  for (let i = 0; i < 7; i++) assert.equal(many.get(`b${i}`), 11);
});

test('every place of an epoch is equally likely for every problem', () => {
  // Chi-square over 2,000 seeds: 6 problems x 6 places, (6 - 1)^2 = 25 degrees of freedom; 65 is p of about 2e-5.
  const size = 6;
  const seeds = 2000;
  const table = new Float64Array(size * size);
  for (let seed = 0; seed < seeds; seed++) {
    take([set('', size)], BigInt(seed), 0, size).forEach((id, place) => table[Number(id) * size + place]!++);
  }
  const expected = seeds / size;
  const chi = table.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  assert.ok(chi < 65 && chi > 5, `${chi}`);
});

test('the order is the one that earlier versions drew', () => {
  // Of the version of 27 November 2026, which had neither levels nor schedules.
  const digest = (ids: readonly string[]) => createHash('sha256').update(ids.join(' ')).digest('hex');
  const sets = [set('a', 30), set('b', 10, 2), set('c', 40, 0.5), set('d', 5, 0), set('e', 7, 1.5)];
  assert.equal(digest(take(sets, 42n, 0, 5000)), '4cc9cb68e8d007d77c17d6a238e5f7f650db13544c0a263d3bc1e1e3a6e547fd');
  assert.equal(
    digest(take([set('k', 1000)], 7n, 0, 3000)),
    'db0f4c62c5238e3366504e3cd2aadd7557b09c5366c7263d2c661c57e8ab4ed9',
  );
});

test('weights and sets that cannot be meant are refused', () => {
  assert.throws(() => promptOrder([set('a', 5, -1)], 1n), { code: 'DATA_WEIGHT' });
  assert.throws(() => promptOrder([set('a', 5, NaN)], 1n), { code: 'DATA_WEIGHT' });
  assert.throws(() => promptOrder([set('a', 5, 0)], 1n), { code: 'DATA_WEIGHT' });
  assert.throws(() => promptOrder([], 1n), { code: 'DATA_WEIGHT' });
  assert.throws(() => promptOrder([set('a', 0)], 1n), { code: 'DATA_EMPTY' });
});
