import { z } from 'zod';
import { count, MOST_STEPS, share } from './numbers.js';
import { scheduled } from './scheduled.js';

const steps = z.int().min(0).max(MOST_STEPS).meta({ unit: 'steps' });
const factor = z.number().min(0).max(1e6).meta({ unit: 'weight' });

/** What steers the language of a run beside its rewards (docs/levers.md). Each is off where it is not named. */
export const leversSchema = z.strictObject({
  strict: z
    .strictObject({
      segment: count
        .default(3)
        .meta({ unit: 'words' })
        .describe('Words in a row in other languages than the prompt that make a segment.'),
    })
    .optional()
    .describe('A completion with a segment in another language is paid nothing: each of its rewards is 0.'),
  drop: z
    .strictObject({
      below: share.default(0.5).describe('Completions whose Target WR of the reasoning is below this are dropped.'),
      statistics: z
        .enum(['kept', 'all'])
        .default('kept')
        .describe('Whose rewards make the mean and deviation of a group: of what is kept, or of all completions.'),
    })
    .optional()
    .describe('Completions in another language carry no loss.'),
  constraint: z
    .strictObject({
      reward: z
        .string()
        .min(1)
        .default('language')
        .describe('The reward whose weight is the multiplier; its weight in `rewards` is the first one.'),
      target: share.describe(
        'Target WR of the reasoning that is to be kept: mean over the completions of a generation.',
      ),
      step_size: z
        .number()
        .positive()
        .max(1e6)
        .default(0.1)
        .meta({ unit: 'weight' })
        .describe('Of dual ascent: what is added to the multiplier for each generation, times the lack.'),
      min: factor.default(0).describe('Least multiplier.'),
      max: factor.default(5).describe('Greatest multiplier.'),
      window: z
        .int()
        .min(2)
        .max(1000)
        .default(10)
        .meta({ unit: 'generations' })
        .describe('That the trend of the ratio is taken from.'),
      lookahead: z
        .int()
        .min(0)
        .max(1000)
        .default(0)
        .meta({ unit: 'generations' })
        .describe('The multiplier answers to the ratio that the trend leads to in so many; 0: to the ratio as it is.'),
      warn_ahead: z
        .int()
        .min(0)
        .max(1000)
        .default(10)
        .meta({ unit: 'generations' })
        .describe('Warn where the trend leads below the target within so many; 0: never.'),
    })
    .optional()
    .describe('Accuracy is maximised under a bound on Target WR (primal-dual).'),
  hints: z
    .strictObject({
      text: z
        .string()
        .min(1)
        .default('auto')
        .describe(
          "What is added: a text, in which `{language}` is its name, or `auto`, a sentence in the problem's language.",
        ),
      place: z
        .enum(['thought', 'system'])
        .default('thought')
        .describe('What the thought (of a plain prompt the answer) begins with, or a system message.'),
      share: scheduled(share)
        .default(1)
        .meta({ unit: 'share', fallback: '`1`' })
        .describe('Of the prompts that have one: a number, or a schedule by which hints are withdrawn.'),
      off_at: share
        .default(0.9)
        .describe(
          'A language stands by itself where the Target WR of prompts without a hint, smoothed, is at least this.',
        ),
      off_after: steps
        .default(20)
        .describe('For so many steps; then it has no hints any more. 0: hints follow `share` alone.'),
      smoothing: z
        .number()
        .min(0)
        .lt(1)
        .default(0.8)
        .meta({ unit: 'share' })
        .describe('Of the smoothed ratio: what is kept of it from one generation to the next.'),
    })
    .optional()
    .describe('A share of the prompts has a hint in the language asked for.'),
});
