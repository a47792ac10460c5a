import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resultLines, titleOf, verdict } from '../../src/cli/demo_result.js';
import type { DemoResult, HeldOut } from '../../src/cli/demo_runs.js';

const model = (accuracy: number, target: number, rewarded: number | null = target): HeldOut => ({
  accuracy,
  clipped_ratio: 0.02,
  target_wr: target,
  target_wr_rewarded: rewarded,
  en_wr: 1 - target,
  n: 512,
});
const RESULT: DemoResult = {
  base: model(0.36, 0.76, 0.55),
  grpo: model(0.86, 0.001, 0),
  language_reward: model(0.3, 0.99),
  control_base: model(0.34, 1),
  control: model(0.46, 0.999),
  cached: true,
  runs: [],
};

describe('what the demo says', () => {
  it('is what happened', () => {
    assert.deepEqual(verdict(RESULT), [
      'GRPO gained 50 points of accuracy and stopped thinking in Korean.',
      'With the language reward it kept its Korean, at a price of 56 points of accuracy.',
      'Without code-switching in pre-training nothing collapsed.',
    ]);
    assert.equal(titleOf(RESULT), 'A small model abandons Korean');
  });

  it('is not what did not happen', () => {
    const other = {
      ...RESULT,
      grpo: model(0.3, 0.5, 0.4),
      language_reward: model(0.31, 0.95),
      control: model(0.2, 0.6),
    };
    assert.deepEqual(verdict(other), [
      'With this seed Korean did not collapse: 40.0 % of the words of right answers are Korean.',
      'With the language reward it kept its Korean, at no price.',
      'The control kept 60.0 % Korean words.',
    ]);
    assert.equal(titleOf(other), 'A small model learns from Korean problems');
    assert.match(verdict({ ...RESULT, grpo: model(0.3, 0, 0) })[0]!, /^GRPO lost 6 points of accuracy and stopped/);
    const none = { ...RESULT, grpo: model(0, 0.5, null), language_reward: model(0.3, 0.8) };
    assert.equal(verdict(none)[0], 'After GRPO no answer was right.');
    assert.equal(verdict(none)[1], 'The language reward kept 80.0 % Korean words.');
    assert.equal(titleOf(none), 'A small model learns from Korean problems');
  });

  it('fits the terminal, with every language share', () => {
    assert.match(
      resultLines(RESULT, 120)[0]!,
      /accuracy +cut off +Korean words +Korean words of right answers +English words$/,
    );
    assert.match(resultLines(RESULT, 120)[2]!, /^GRPO +86\.0 % +2\.0 % +0\.1 % +0\.0 % +99\.9 %$/);
    for (const width of [39, 59, 79]) {
      const lines = resultLines(RESULT, width);
      for (const line of lines) assert.ok(line.length <= width, line);
      const text = lines.join('\n');
      for (const share of [
        /(ko|Korean words) (76%|76\.0 %)/,
        /(ko|Korean words) (99%|99\.0 %)/,
        /(en|English words) 24/,
      ])
        assert.match(text, share);
    }
  });
});
