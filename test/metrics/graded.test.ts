import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeAdvantages } from '../../src/grpo/index.js';
import { noWordCounts, type LanguageMeasure, type WordCounts } from '../../src/language/types.js';
import { completionClass } from '../../src/metrics/completion_class.js';
import { completionMetrics, gradedMetrics, languageMetrics, type GradedRow } from '../../src/metrics/index.js';

function measure(
  words: Partial<WordCounts>,
  target: 'ko' | 'en' = 'ko',
  more: Partial<LanguageMeasure> = {},
): LanguageMeasure {
  const counts = { ...noWordCounts(), ...words };
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  const share = (n: number): number | null => (total === 0 ? null : n / total);
  return {
    words: counts,
    total,
    targetWr: share(counts[target]),
    enWr: share(counts.en),
    otherWr: share(total - counts[target] - (target === 'en' ? 0 : counts.en)),
    unstrippedTargetWr: share(counts[target]),
    firstSwitch: null,
    switches: 0,
    linePass: true,
    wordPass: true,
    fidelity: {
      ...{ targetWr: share(counts[target]), reasoning: total, target: counts[target], english: counts.en },
      ...{ afterAnswer: 0, repeated: 0, copied: 0, hidden: 0 },
    },
    ...more,
  };
}

const rows: GradedRow[] = [
  { language: 'ko', tokens: 10, terminated: true, correct: true, rewards: [1, 0.5], measure: measure({ en: 10 }) },
  { language: 'ko', tokens: 20, terminated: true, correct: false, rewards: [0, null], measure: measure({ ko: 30 }) },
  { language: 'ko', tokens: 40, terminated: false, correct: null, rewards: [null, null], measure: measure({}) },
  {
    language: 'ko',
    tokens: 30,
    terminated: true,
    correct: true,
    rewards: [1, 1],
    measure: measure({ ko: 5, en: 4, zh: 1 }),
  },
];
const advantages = computeAdvantages(
  rows.map((row) => [...row.rewards]),
  { numGenerations: 4, weights: [1, 0], scaleRewards: 'none', multiObjectiveAggregation: 'sum_then_normalize' },
);
const metrics = gradedMetrics(rows, ['accuracy', 'language'], advantages);

test('lengths and truncation', () => {
  assert.equal(metrics['completions/mean_length'], 25);
  assert.equal(metrics['completions/min_length'], 10);
  assert.equal(metrics['completions/max_length'], 40);
  assert.equal(metrics['completions/clipped_ratio'], 0.25);
  assert.equal(metrics['completions/mean_terminated_length'], 20);
  assert.equal(metrics['completions/max_terminated_length'], 30);
});

test('terminated lengths are 0 where nothing ended, as in TRL', () => {
  const none = gradedMetrics(rows.slice(2, 3), ['accuracy', 'language'], {
    ...advantages,
    rewards: advantages.rewards.slice(2, 3),
    advantages: advantages.advantages.slice(2, 3),
  });
  assert.equal(none['completions/mean_terminated_length'], 0);
  assert.equal(none['completions/clipped_ratio'], 1);
  assert.equal(none['accuracy'], null);
  assert.equal(none['language/target_wr'], null);
});

test('rewards: unweighted, only what was judged, n - 1', () => {
  assert.ok(Math.abs(metrics['rewards/accuracy/mean']! - 2 / 3) < 1e-12);
  assert.ok(Math.abs(metrics['rewards/accuracy/std']! - Math.sqrt(1 / 3)) < 1e-12);
  assert.equal(metrics['rewards/language/mean'], 0.75);
  assert.ok(Math.abs(metrics['reward']! - 2 / 3) < 1e-12);
  assert.ok(Math.abs(metrics['accuracy']! - 2 / 3) < 1e-12);
});

test('word ratios are over words, and over right completions apart', () => {
  assert.equal(metrics['language/target_wr'], 35 / 50);
  assert.equal(metrics['language/en_wr'], 14 / 50);
  assert.equal(metrics['language/other_wr'], 1 / 50);
  assert.equal(metrics['language/rewarded/target_wr'], 5 / 20);
  assert.equal(metrics['language/ko/target_wr'], undefined); // one prompt language only
});

test('advantage by class: share, mean reward, mean advantage, and advantage x tokens', () => {
  assert.equal(metrics['advantage/english/share'], 0.25);
  assert.equal(metrics['advantage/target/share'], 0.25);
  assert.equal(metrics['advantage/mixed/share'], 0.25); // the wordless row is of no class
  assert.equal(metrics['advantage/english/reward'], 1);
  assert.equal(metrics['advantage/target/reward'], 0);
  assert.ok(Math.abs(metrics['advantage/english/sum']! - 10 / 3) < 1e-6);
  assert.ok(Math.abs(metrics['advantage/target/sum']! + 40 / 3) < 1e-6);
});

test('several prompt languages are listed apart', () => {
  const english: GradedRow = { ...rows[0]!, language: 'en', measure: measure({ en: 4 }, 'en') };
  const both = languageMetrics([...rows, english]);
  assert.equal(both['language/en/target_wr'], 1);
  assert.equal(both['language/en/other_wr'], 0);
  assert.equal(both['language/ko/target_wr'], 0.7);
  assert.equal(both['language/target_wr'], 39 / 54);
});

test('a language of the run that this step drew no prompt of has names and no values', () => {
  const drawn = languageMetrics(rows, ['ko', 'en']);
  assert.equal(drawn['language/ko/target_wr'], drawn['language/target_wr']);
  assert.equal(drawn['language/ko/clipped_ratio'], rows.filter((row) => !row.terminated).length / rows.length);
  assert.equal(drawn['language/en/target_wr'], null);
  assert.equal(drawn['language/en/accuracy'], null);
  assert.equal(drawn['language/en/clipped_ratio'], null);
  assert.ok(!('language/ko/target_wr' in languageMetrics(rows, ['ko'])));
});

test('class boundaries are included', () => {
  assert.equal(completionClass(measure({ ko: 9, en: 1 })), 'target');
  assert.equal(completionClass(measure({ ko: 1, en: 9 })), 'english');
  assert.equal(completionClass(measure({ ko: 89, en: 11 })), 'mixed');
  assert.equal(completionClass(measure({ zh: 10 })), 'mixed');
  assert.equal(completionClass(measure({})), null);
});

test('a part of a generation has the figures of its own rows, whatever its advantages were divided by', () => {
  const given = [[1], [1], [0], [1], [0], [0], [1], [1]];
  const wanted = { group: [0.5, 1], batch: [0, 0], none: [0.5, 1] } as const;
  for (const scaleRewards of ['group', 'batch', 'none'] as const) {
    // Groups of two: (1, 1) (0, 1) (0, 0) (1, 1); the first two, and the last two, are of one step.
    const all = computeAdvantages(
      given.map((row) => [...row]),
      { numGenerations: 2, weights: [0.1], scaleRewards, multiObjectiveAggregation: 'sum_then_normalize' },
    );
    for (const [k, share] of wanted[scaleRewards].entries()) {
      const [start, end] = [k * 4, k * 4 + 4];
      const part: GradedRow[] = given
        .slice(start, end)
        .map(([reward]) => ({ ...rows[0]!, correct: reward === 1, rewards: [reward!] }));
      const line = gradedMetrics(part, ['accuracy'], {
        rewards: all.rewards.subarray(start, end),
        advantages: all.advantages.subarray(start, end),
        zeroStd: all.zeroStd.subarray(start, end),
      });
      assert.equal(line['frac_reward_zero_std'], share, scaleRewards);
      const mean = part.reduce((sum, row) => sum + row.rewards[0]!, 0) / 4;
      assert.ok(Math.abs(line['reward']! - 0.1 * mean) < 1e-15);
      assert.equal(line['accuracy'], mean);
      assert.ok(Math.abs(line['reward_std']! - 0.1 * Math.sqrt((4 * mean * (1 - mean)) / 3)) < 1e-15);
    }
  }
});

test('lengths of more rows than a call takes arguments', () => {
  const many: GradedRow[] = Array.from({ length: 300_000 }, (_, i) => ({ ...rows[0]!, tokens: 1 + (i % 97) }));
  const line = completionMetrics(many);
  assert.equal(line['completions/min_length'], 1);
  assert.equal(line['completions/max_length'], 97);
});

test('how far words can be believed: over sums of words, after the answer over completions; null without words', () => {
  const counts = { reasoning: 4, target: 1, english: 3, afterAnswer: 6, repeated: 5, copied: 2, hidden: 10 };
  const padded = measure({ en: 4, ko: 6 }, 'ko', { fidelity: { targetWr: 0.25, ...counts } });
  const row = { language: 'ko', terminated: false, correct: true } as const;
  const found = languageMetrics([
    { ...row, measure: padded },
    { ...row, measure: measure({ ko: 10 }) },
  ]);
  assert.equal(found['language/reasoning/target_wr'], 11 / 14);
  assert.equal(found['language/reasoning/en_wr'], 3 / 14);
  assert.equal(found['language/words_after_answer'], 3);
  assert.equal(found['language/repetition'], 5 / 20);
  assert.equal(found['language/copied'], 2 / 14);
  assert.equal(found['language/in_markup'], 10 / 30);
  const none = languageMetrics([{ ...row, measure: measure({}) }]);
  for (const name of ['reasoning/target_wr', 'repetition', 'copied', 'in_markup'] as const)
    assert.equal(none[`language/${name}`], null);
});
