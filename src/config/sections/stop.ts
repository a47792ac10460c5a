import { z } from 'zod';
import { LARGEST } from './numbers.js';

const name = z.string().min(1).max(200);
const value = z.number().min(-LARGEST).max(LARGEST).meta({ unit: 'of the metric' });

/** Conditions that end a run before grpo.max_steps; looked at between generations. */
export const stopSchema = z.strictObject({
  tokens: z
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ unit: 'tokens' })
    .describe('Once so many prompt and completion tokens were trained on (`num_tokens`).'),
  hours: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .meta({ unit: 'hours' })
    .describe(
      'Once the run has taken so long, the time before each --resume among it. Looked at between generations; loading the model does not count.',
    ),
  metric: name
    .optional()
    .describe('A name of metrics.jsonl that the conditions below look at, such as `eval_ko/accuracy`.'),
  at_least: value.optional().describe('Once the metric is this or more.'),
  at_most: value.optional().describe('Once the metric is this or less.'),
  patience: z
    .int()
    .min(1)
    .max(2 ** 31 - 1)
    .optional()
    .meta({ unit: 'values' })
    .describe('Once so many values of the metric in a row were no better than the best before them.'),
  min_delta: z
    .number()
    .min(0)
    .max(LARGEST)
    .default(0)
    .meta({ unit: 'of the metric' })
    .describe('A value is better, for patience, where it is so by more than this.'),
  greater_is_better: z.boolean().default(true).describe('For patience.'),
});

/** The checkpoint that is best by a metric. */
export const bestSchema = z.strictObject({
  metric: name.describe('A name of metrics.jsonl, such as `eval_ko/accuracy`.'),
  greater_is_better: z.boolean().default(true).describe('Else the least is best.'),
  load_at_end: z
    .boolean()
    .default(false)
    .describe('final/ holds the weights of the best checkpoint instead of those of the last step.'),
});
