import { fieldMeasure, labelOf, showValue } from '../metrics/index.js';
import type { DemoResult, HeldOut } from './demo_runs.js';
import { fitLine } from './fit_line.js';
import { textTable } from './format.js';
import { evaluationShares } from './train_lines.js';

const FIELDS = ['accuracy', 'clipped_ratio', 'target_wr', 'target_wr_rewarded', 'en_wr'] as const;

/** The held-out figures of the demo's five models: a table where it fits, else lines. */
export function resultLines(result: DemoResult, width: number): string[] {
  const models: [string, HeldOut][] = [
    ['before', result.base],
    ['GRPO', result.grpo],
    ['GRPO with language reward', result.language_reward],
    ['control before', result.control_base],
    ['control GRPO', result.control],
  ];
  const head = FIELDS.map((field) => labelOf({ measure: fieldMeasure(field), language: 'ko' }));
  const rows = models.map(([name, row]) => [name, ...FIELDS.map((field) => showValue(row[field], 'share'))]);
  const lines = textTable([['Held-out Korean problems', ...head], ...rows]).split('\n');
  if (lines.every((line) => line.length <= width)) return lines;
  return models.flatMap(([name, row]) =>
    fitLine([{ long: `${name}:`, short: `${name}:` }, ...evaluationShares(row, 'ko')], width),
  );
}

/** Share of Korean words in right answers below which Korean is called abandoned. */
const ABANDONED = 0.1;

/** Of the report. */
export function titleOf({ grpo }: DemoResult): string {
  return grpo.target_wr_rewarded !== null && grpo.target_wr_rewarded < ABANDONED
    ? 'A small model abandons Korean'
    : 'A small model learns from Korean problems';
}

/** What happened, said only where it did. */
export function verdict({ base, grpo, language_reward: reward, control }: DemoResult): string[] {
  // Every answer to a problem of the lab is judged: none is null.
  const gain = (to: HeldOut, from: HeldOut) => (to.accuracy ?? 0) - (from.accuracy ?? 0);
  const points = (to: HeldOut, from: HeldOut) => `${Math.abs(100 * gain(to, from)).toFixed(0)} points of accuracy`;
  const share = (value: number | null) => showValue(value, 'share');
  const [right, kept, held] = [grpo.target_wr_rewarded, reward.target_wr ?? 0, control.target_wr ?? 0];
  return [
    right === null
      ? 'After GRPO no answer was right.'
      : right >= ABANDONED
        ? `With this seed Korean did not collapse: ${share(right)} of the words of right answers are Korean.`
        : `GRPO ${gain(grpo, base) >= 0 ? 'gained' : 'lost'} ${points(grpo, base)} and stopped thinking in Korean.`,
    kept <= 0.9
      ? `The language reward kept ${share(reward.target_wr)} Korean words.`
      : gain(grpo, reward) > 0
        ? `With the language reward it kept its Korean, at a price of ${points(grpo, reward)}.`
        : 'With the language reward it kept its Korean, at no price.',
    held > 0.9
      ? 'Without code-switching in pre-training nothing collapsed.'
      : `The control kept ${share(control.target_wr)} Korean words.`,
  ];
}
