import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VERIFIERS } from '../../src/answer/index.js';
import { wilson } from '../../src/base/interval.js';
import { philox4x32 } from '../../src/base/philox.js';
import { noWordCounts } from '../../src/language/types.js';
import { majority, passAtK, passKs } from '../../src/metrics/at_k.js';
import { meanInterval, shareInterval, type ProblemQuotient } from '../../src/metrics/clustered.js';
import { SumsByProblem } from '../../src/metrics/index.js';

/** Share of the subsets of k of n completions, the first `right` of which are right, that hold a right one. */
function enumerated(n: number, right: number, k: number): number {
  let [all, hit] = [0, 0];
  for (let set = 0; set < 2 ** n; set++) {
    const members = Array.from({ length: n }, (_, i) => i).filter((i) => (set >> i) & 1);
    if (members.length !== k) continue;
    all++;
    if (members.some((i) => i < right)) hit++;
  }
  return hit / all;
}

/** Draws in [0, 1) by a counter. */
function uniform(seed: bigint): () => number {
  let counter = 0;
  return () => philox4x32(seed, counter++, 0, 0, 0)[0] / 2 ** 32;
}

describe('pass@k', () => {
  it('is the share of the sets of k completions that hold a right one', () => {
    for (let n = 1; n <= 9; n++)
      for (let right = 0; right <= n; right++)
        for (let k = 1; k <= n; k++)
          assert.ok(
            Math.abs(passAtK(n, right, k) - enumerated(n, right, k)) < 1e-12,
            `${String(n)} ${String(right)} ${String(k)}`,
          );
    assert.equal(passAtK(1e6, 0, 1000), 0);
    assert.equal(passAtK(1e6, 1e6, 1), 1);
    assert.ok(Math.abs(passAtK(1e6, 1000, 1000) - (1 - 0.3675)) < 1e-3); // about 1 - 1/e
  });

  it('is told at powers of 2 and at all', () => {
    assert.deepEqual(passKs(8), [1, 2, 4, 8]);
    assert.deepEqual(passKs(6), [1, 2, 4, 6]);
  });
});

describe('maj@k', () => {
  const { same } = VERIFIERS.number;
  const votes = (...answers: (string | null)[]) =>
    answers.map((answer) => ({ answer, correct: answer !== null && same(answer, '12') }));

  it('counts answers that the verifier takes for one', () => {
    assert.deepEqual(majority(votes('12', '12.0', '7'), same), { right: 1, tie: false });
    assert.deepEqual(majority(votes('12', '7', '7.00', '٧'), same), { right: 0, tie: false });
    assert.deepEqual(majority(votes('12', '7', '8', '9', '12'), same), { right: 1, tie: false });
    const { same: sameFormula } = VERIFIERS.mathematics;
    const wrong = ['\\frac{1}{2}', '0.5', 'x+1', '1+x', '1 + x'].map((answer) => ({ answer, correct: false }));
    assert.deepEqual(majority([...wrong, { answer: '3', correct: true }], sameFormula), { right: 0, tie: false });
    assert.ok(sameFormula('1+x', 'x+1') && sameFormula('0.5', '\\frac{1}{2}') && !sameFormula('0.5', 'x+1'));
    assert.ok(VERIFIERS.choice.same('(B)', 'B') && !VERIFIERS.choice.same('B', 'C'));
  });

  it('shares a tie, and says so', () => {
    assert.deepEqual(majority(votes('12', '7'), same), { right: 1 / 2, tie: true });
    assert.deepEqual(majority(votes('12', '7', '8', null), same), { right: 1 / 3, tie: true });
    assert.deepEqual(majority(votes('12', '7', '7', '8', '8'), same), { right: 0, tie: true });
  });

  it('gives a completion without an answer no say', () => {
    assert.deepEqual(majority(votes(null, null, null, '12'), same), { right: 1, tie: false });
    assert.deepEqual(majority(votes(null, null), same), { right: 0, tie: false });
    assert.deepEqual(majority([], same), { right: 0, tie: false });
  });
});

describe('an interval over problems', () => {
  const single = (right: number, n: number) =>
    Array.from({ length: n }, (_, i): ProblemQuotient => [Number(i < right), 1]);
  const near = (given: readonly number[], expected: readonly number[], tolerance = 1e-12) => {
    given.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < tolerance, `${String(given)} for ${String(expected)}`);
    });
  };

  it('is Wilson’s where each has one completion', () => {
    // statsmodels 0.15, proportion_confint(81, 263, method='wilson') and the like
    near(shareInterval(single(81, 263))!, [0.2552885198782742, 0.36620957698280004]);
    near(shareInterval(single(0, 20))!, [0, 0.1611251580528194]);
    near(shareInterval(single(29, 29))!, [0.8830302015002592, 1]);
    near(shareInterval(single(1, 1))!, [0.2065493143772374, 1]);
    assert.equal(shareInterval([[0, 0]]), null);
  });

  it('takes eight completions of one problem that all agree for one trial', () => {
    const repeated = Array.from({ length: 500 }, (_, i): ProblemQuotient => [i < 200 ? 8 : 0, 8]);
    const { low, high } = wilson({ share: 0.4, n: 500 });
    near(shareInterval(repeated)!, [low, high], 2e-4);
    const none = Array.from({ length: 30 }, (): ProblemQuotient => [0, 8]);
    near(shareInterval(none)!, [0, wilson({ share: 0, n: 30 }).high]);
  });

  it('has the cluster-robust variance', () => {
    const counts: ProblemQuotient[] = [
      ...([
        [3, 8],
        [8, 8],
        [0, 8],
        [1, 4],
        [5, 8],
      ] as const),
      ...([
        [2, 6],
        [7, 8],
        [0, 2],
        [4, 8],
        [6, 8],
      ] as const),
    ];
    // statsmodels 0.15: OLS of the verdicts on a constant, cov_type='cluster', use_correction=False
    const [share, deviation] = [36 / 68, 0.10271922];
    const t = 2.262157162740992; // scipy.stats.t.ppf(0.975, 9)
    const n = ((share * (1 - share)) / deviation ** 2) * (1.959963984540054 / t) ** 2;
    const { low, high } = wilson({ share, n });
    near(shareInterval(counts)!, [low, high], 1e-7);
  });

  it('is a t interval of one length a problem', () => {
    // scipy 1.14, stats.t.interval(0.95, 3, loc=2.5, scale=stats.sem([1, 2, 3, 4]))
    near(meanInterval([1, 2, 3, 4].map((length) => [length, 1]))!, [0.4457397432394794, 4.554260256760521], 1e-9);
    assert.equal(meanInterval([[8, 2]]), null);
  });

  /** How often the interval of 8 completions a problem holds the true share, where problems differ in difficulty. */
  function coverage(
    problems: number,
    interval: (counts: ProblemQuotient[]) => readonly number[],
    seed: bigint,
  ): number {
    const draw = uniform(seed);
    const trials = 2000;
    let held = 0;
    for (let trial = 0; trial < trials; trial++) {
      const counts = Array.from({ length: problems }, (): ProblemQuotient => {
        const chance = draw() ** 2; // mean 1/3, from never to always
        return [Array.from({ length: 8 }, () => Number(draw() < chance)).reduce((sum, right) => sum + right, 0), 8];
      });
      const [low, high] = interval(counts);
      if (low! <= 1 / 3 && 1 / 3 <= high!) held++;
    }
    return held / trials;
  }

  it('holds the truth 95 times in 100 where problems differ, and Wilson’s over completions does not', () => {
    const naive = (counts: ProblemQuotient[]) => {
      const n = 8 * counts.length;
      const { low, high } = wilson({ share: counts.reduce((sum, [part]) => sum + part, 0) / n, n });
      return [low, high];
    };
    for (const problems of [10, 40]) {
      const held = coverage(problems, (counts) => shareInterval(counts)!, BigInt(problems));
      assert.ok(Math.abs(held - 0.95) < 0.02, `${String(problems)} problems: ${String(held)}`);
    }
    assert.ok(coverage(40, naive, 40n) < 0.8);
  });
});

it('figures by problem are those of counting by hand', () => {
  const of = (problem: string, answer: string | null, correct: boolean | null, tokens: number) => ({
    ...{ problem, answer, correct, tokens, language: 'ko' as const, clipped: answer === null, strict: correct },
    ...{ words: { ...noWordCounts(), ko: 3, en: 1 }, same: VERIFIERS.number.same },
  });
  const { at, intervals, ...counts } = SumsByProblem.of([
    ...[of('a', '1', true, 10), of('a', '1', true, 12), of('a', '2', false, 8), of('a', null, false, 30)],
    ...[of('b', '5', false, 10), of('b', '5.0', false, 12), of('b', '4', true, 8), of('b', '3', false, 30)],
    ...[of('c', '5', false, 10), of('c', '6', true, 12), of('c', '5', false, 8), of('c', '6', true, 30)],
    ...[of('open', 'x', null, 1), of('open', 'x', null, 1), of('open', 'x', null, 1), of('open', 'x', null, 1)],
  ]).figures();
  assert.deepEqual(counts, { problems: 4, samples: 4, maj_ties: 1 });
  const close = (name: keyof typeof at, value: number) => {
    assert.ok(Math.abs(at[name]! - value) < 1e-12, `${name} ${String(at[name])}`);
  };
  close('pass@1', 5 / 12);
  close('avg@4', 5 / 12);
  close('pass@2', (5 / 6 + 3 / 6 + 5 / 6) / 3); // pairs of 4 that hold one of 2, of 1, of 2
  close('pass@4', 1);
  close('maj@4', (1 + 0 + 1 / 2) / 3);
  assert.ok(!('maj@2' in at));
  assert.ok(intervals['maj@4']![0] > 0 && intervals['maj@4']![1] < 1);
  // Words are 3 of 4 in every problem: no spread at all, so as many trials as words, less those that Student's t takes.
  assert.ok(intervals['target_wr']![0] < 0.75 && intervals['target_wr']![1] > 0.75);
  assert.ok(intervals['mean_length']![0] < 11.5);
});

describe('what is no share', () => {
  it('has the interval of a mean, which may lie above 1', () => {
    const counts = { reasoning: 4, target: 1, english: 3, repeated: 0, copied: 0, hidden: 0 };
    const rows = [20, 30, 40].map((afterAnswer, problem) => ({
      ...({ problem, language: 'ko', answer: '1', correct: true, clipped: true, same: () => true } as const),
      words: { ...noWordCounts(), ko: 50 },
      fidelity: { ...counts, afterAnswer },
    }));
    const { words_after_answer: interval } = SumsByProblem.of(rows).figures().intervals;
    const half = 4.302653 * (10 / Math.sqrt(3)); // Student's t of 2 degrees of freedom
    assert.ok(Math.abs(interval![0] - (30 - half)) < 1e-3 && Math.abs(interval![1] - (30 + half)) < 1e-3);
  });
});
