import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairedIntervals, quantile, type Quotient } from '../../src/analysis/paired.js';

const of = (numerators: number[], denominators: number[]): Quotient => ({
  numerators: Float64Array.from(numerators),
  denominators: Float64Array.from(denominators),
});

/** The bootstrap's whole distribution: every way to draw n of n problems, each as likely as any other. */
function everyResample(a: Quotient, b: Quotient): number[] {
  const n = a.numerators.length;
  const share = (side: Quotient, drawn: number[]) =>
    drawn.reduce((sum, i) => sum + side.numerators[i]!, 0) / drawn.reduce((sum, i) => sum + side.denominators[i]!, 0);
  return Array.from({ length: n ** n }, (_, code) => {
    const drawn = Array.from({ length: n }, (_, place) => Math.floor(code / n ** place) % n);
    return share(b, drawn) - share(a, drawn);
  }).sort((x, y) => x - y);
}

const CASES: [string, Quotient, Quotient][] = [
  ['right answers', of([2, 0, 1, 1, 0], [2, 2, 2, 2, 2]), of([2, 1, 1, 2, 1], [2, 2, 2, 2, 2])],
  [
    'words of texts of several lengths',
    of([3, 0, 12, 7, 1], [9, 4, 31, 8, 2]),
    of([8, 4, 11, 8, 17], [9, 5, 40, 8, 20]),
  ],
];

for (const [name, a, b] of CASES) {
  test(`the interval is that of all resamples: ${name}`, () => {
    const every = everyResample(a, b);
    const [interval] = pairedIntervals([[a, b]], { resamples: 40_000 });
    // How far a quantile of 40,000 draws strays, as a share of them: five deviations.
    const slack = 5 * Math.sqrt((0.025 * 0.975) / 40_000);
    const between = (value: number, share: number) =>
      value >= quantile(every, share - slack) - 1e-12 && value <= quantile(every, share + slack) + 1e-12;
    assert.ok(between(interval!.low, 0.025), `${String(interval!.low)} for ${String(quantile(every, 0.025))}`);
    assert.ok(between(interval!.high, 0.975), `${String(interval!.high)} for ${String(quantile(every, 0.975))}`);
  });
}

test('problems are drawn for both sides together: what both have alike makes no noise', () => {
  const a = of([0, 1, 0, 1, 1, 0, 1, 0], Array<number>(8).fill(1));
  const b = of([0.25, 1.25, 0.25, 1.25, 1.25, 0.25, 1.25, 0.25], Array<number>(8).fill(1));
  assert.deepEqual(pairedIntervals([[a, b]], { resamples: 500 }), [{ low: 0.25, high: 0.25 }]);
});

test('the same every time, and no interval where some resamples have nothing to divide by', () => {
  const [, a, b] = CASES[1]!;
  assert.deepEqual(pairedIntervals([[a, b]]), pairedIntervals([[a, b]]));
  const seldom = of([1, 0, 0], [1, 0, 0]);
  assert.deepEqual(pairedIntervals([[seldom, seldom]], { resamples: 500 }), [null]);
  assert.deepEqual(pairedIntervals([[of([], []), of([], [])]]), [null]);
});

test('quantiles are those of numpy', () => {
  // numpy.quantile([1, 2, 4, 8, 16], [0, 0.025, 0.3, 0.5, 0.975, 1])
  const expected = [1, 1.1, 2.4, 4, 15.2, 16];
  [0, 0.025, 0.3, 0.5, 0.975, 1].forEach((share, i) => {
    assert.ok(Math.abs(quantile([1, 2, 4, 8, 16], share) - expected[i]!) < 1e-12);
  });
});
