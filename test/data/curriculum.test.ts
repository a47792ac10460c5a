import assert from 'node:assert/strict';
import { test } from 'node:test';
import { promptOrder } from '../../src/data/index.js';
import { scheduleAt, type Points } from '../../src/base/schedule.js';
import type { Weight } from '../../src/data/weight.js';
import type { DataSet, Problem } from '../../src/data/types.js';

/** What an order needs of a set. */
type OrderedSet = Pick<DataSet<Problem[]>, 'problems' | 'settings'>;

/** Problems a0, a1, ...; the level of each is the remainder of its number by `levels`, from 1. */
function set(name: string, size: number, weight?: Weight, levels?: Record<string, Weight>): OrderedSet {
  const count = levels ? 3 : 1;
  const problems = Array.from({ length: size }, (_, i): Problem => ({
    ...{ id: `${name}${i}`, question: 'q', answer: '1', language: 'ko' },
    ...(levels && { level: String((i % count) + 1) }),
  }));
  return { problems, settings: { path: `${name}.jsonl`, weight, levels } };
}

const pace = (prompts: number, maxSteps: number, steps = 1) => ({ prompts, steps, maxSteps });

/** How many problems of each kind come in each generation. */
function countsByGeneration(
  sets: OrderedSet[],
  { prompts, generations, steps = 1 }: { prompts: number; generations: number; steps?: number },
  kindOf: (problem: Problem) => string,
): Map<string, number>[] {
  const at = promptOrder(sets, 5n, pace(prompts, generations * steps, steps));
  return Array.from({ length: generations }, (_, g) => {
    const counts = new Map<string, number>();
    for (let i = 0; i < prompts; i++) {
      const kind = kindOf(at(g * prompts + i));
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
    return counts;
  });
}
const bySet = ({ id }: Problem) => id[0]!;
const byLevel = ({ level }: Problem) => level!;

test('a weight is a number, or points with straight lines between them', () => {
  const points: Points = [
    [10, 1],
    [20, 3],
    [20, 0],
    [30, 1],
  ];
  const at = (step: number) => scheduleAt(points, step);
  assert.deepEqual([0, 10, 15, 19, 20, 25, 30, 1e6].map(at), [1, 1, 2, 2.8, 0, 0.5, 1, 1]);
  assert.equal(scheduleAt(0.5, 7), 0.5);
});

test('constant weights of levels count exactly over an epoch', () => {
  const sets = [set('a', 30, 1, { '1': 2, '3': 0.5 }), set('b', 8, 2)];
  // 10 problems of each level: 20 + 5 slots, 10 of level 2, which is not named; and 16 of b.
  const epoch = 20 + 5 + 10 + 16;
  const at = promptOrder(sets, 3n);
  const first = new Map<string, number>();
  const two = new Map<string, number>();
  for (let i = 0; i < 2 * epoch; i++) {
    const { id } = at(i);
    if (i < epoch) first.set(id, (first.get(id) ?? 0) + 1);
    two.set(id, (two.get(id) ?? 0) + 1);
  }
  for (let i = 0; i < 30; i++) {
    const expected = [4, 2, 1][i % 3];
    assert.equal(two.get(`a${i}`), expected, `a${i}`);
    if (i % 3 !== 2) assert.equal(first.get(`a${i}`), expected! / 2);
  }
  for (let i = 0; i < 8; i++) assert.equal(first.get(`b${i}`), 2);
});

test('a level of weight 0 never comes, and others are not drawn less for it', () => {
  const counts = countsByGeneration([set('a', 30, 1, { '2': 0 })], { prompts: 20, generations: 5 }, byLevel);
  for (const one of counts) assert.deepEqual([...one].sort(), [['1', 10], ['3', 10]]); // prettier-ignore
});

test('a schedule that jumps gives each step exactly what its weights say', () => {
  const levels = { '1': [[0, 1], [4, 1], [4, 0]], '2': 1, '3': [[0, 0], [4, 0], [4, 3]] } satisfies Record<string, Points | number>; // prettier-ignore
  const counts = countsByGeneration([set('a', 30, 1, levels)], { prompts: 8, generations: 8 }, byLevel);
  const of = (g: number) => ['1', '2', '3'].map((level) => counts[g]!.get(level) ?? 0);
  for (let g = 0; g < 4; g++) assert.deepEqual(of(g), [4, 4, 0]);
  for (let g = 4; g < 8; g++) assert.deepEqual(of(g), [0, 2, 6]);
});

test('along a line each set is drawn as often as the sum of its shares, to a problem', () => {
  // Of a and b, 20 and 60 problems: at step s weights 1 - s / 100 and s / 100.
  const sets = [set('a', 20, [[0, 1], [100, 0]]), set('b', 60, [[0, 0], [100, 1]])]; // prettier-ignore
  const prompts = 6;
  const counts = countsByGeneration(sets, { prompts, generations: 100 }, bySet);
  let [expected, drawn] = [0, 0];
  for (const [step, one] of counts.entries()) {
    const [a, b] = [20 * (1 - step / 100), 60 * (step / 100)];
    expected += (prompts * b) / (a + b);
    drawn += one.get('b') ?? 0;
    assert.ok(Math.abs(drawn - expected) < 1, `step ${step}: ${drawn} of ${expected}`);
  }
  assert.equal(counts[0]!.get('b'), undefined);
});

test('a generation is drawn by the weights of the steps made before it', () => {
  const sets = [set('a', 10, [[0, 1], [6, 1], [6, 0]]), set('b', 10, [[0, 0], [6, 0], [6, 1]])]; // prettier-ignore
  const counts = countsByGeneration(sets, { prompts: 4, generations: 5, steps: 3 }, bySet);
  assert.deepEqual(
    counts.map((one) => [...one.keys()].join('')),
    ['a', 'a', 'b', 'b', 'b'],
  );
});

test('under a schedule every problem of a set comes before any comes again', () => {
  const sets = [set('a', 12, [[0, 1], [50, 4]]), set('b', 30, 1)]; // prettier-ignore
  const at = promptOrder(sets, 8n, pace(5, 60));
  const ids = Array.from({ length: 300 }, (_, i) => at(i).id);
  for (const [name, size] of [
    ['a', 12],
    ['b', 30],
  ] as const) {
    // prettier-ignore
    const own = ids.filter((id) => id.startsWith(name));
    assert.ok(own.length > 2 * size);
    for (let pass = 0; (pass + 1) * size <= own.length; pass++)
      assert.equal(new Set(own.slice(pass * size, (pass + 1) * size)).size, size);
  }
});

test('an order that begins in the middle of a schedule is the same', () => {
  const sets = () => [set('a', 12, [[0, 1], [50, 4]]), set('b', 30, 1, { '1': [[10, 0.1], [30, 2]] })]; // prettier-ignore
  const whole = promptOrder(sets(), 8n, pace(5, 60));
  const ids = Array.from({ length: 300 }, (_, i) => whole(i).id);
  for (const from of [1, 77, 299]) {
    const later = promptOrder(sets(), 8n, pace(5, 60));
    assert.deepEqual(
      ids.slice(from),
      ids.slice(from).map((_, i) => later(from + i).id),
    );
  }
  assert.equal(whole(3).id, ids[3]);
  assert.equal(whole(200).id, ids[200]);
});

test('a curriculum that runs dry is refused at once, with step and level', () => {
  const gone = set('a', 9, [[0, 1], [20, 0]]); // prettier-ignore
  assert.throws(() => promptOrder([gone], 1n, pace(4, 100)), { code: 'DATA_DRY', message: /20 steps .*a\.jsonl/ });
  // Whoever draws more than the steps need goes on behind the last step.
  const at = promptOrder([gone], 1n, pace(4, 20));
  assert.deepEqual(new Set(Array.from({ length: 9 }, (_, i) => at(72 + i).id)).size, 9);
  assert.equal(at(800).id, promptOrder([gone], 1n, pace(4, 20))(800).id);
  const levels = set('a', 9, 1, { '1': [[0, 1], [7, 1], [7, 0]], '2': 0, '3': 0 }); // prettier-ignore
  assert.throws(() => promptOrder([levels], 1n, pace(4, 8)), {
    code: 'DATA_DRY',
    message: /7 steps .*a\.jsonl level 1, a\.jsonl level 2, a\.jsonl level 3/,
  });
  assert.throws(() => promptOrder([set('a', 9, 1, { '4': 1 })], 1n), {
    code: 'DATA_DRY',
    message: /no problem of level "4"; it has "1" \(3\), "2" \(3\), "3" \(3\)/,
  });
});

test('schedules that cannot be meant are refused', () => {
  const bad = [[], [[5, 1], [3, 1]], [[0, -1]], [[0, NaN]], [[1, 1], [1, 2], [1, 3]]] as unknown as Points[]; // prettier-ignore
  for (const weight of bad) assert.throws(() => promptOrder([set('a', 5, weight)], 1n), { code: 'DATA_WEIGHT' });
  assert.throws(() => promptOrder([set('a', 5, 1, { '1': -1 })], 1n), { code: 'DATA_WEIGHT' });
});
