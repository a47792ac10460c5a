import { z } from 'zod';
import { evalSourceSchema, trainSourceSchema } from './data.js';
import { count, LARGEST, MOST_STEPS } from './numbers.js';

/** Learning rate of a config with `sft` that names none: TRL's. */
export const SFT_LEARNING_RATE = 2e-5;

const { path, lab, split, fields, language, limit, on_bad_row: onBadRow } = trainSourceSchema.shape;

/** A held-out set whose examples are given their loss. */
const heldOutSchema = z.strictObject({
  name: evalSourceSchema.shape.name
    .unwrap()
    .describe('Of its figures: `eval_<name>/loss`, `eval_<name>/perplexity`; none of `data.eval` has it too.'),
  path,
  lab,
  split,
  fields,
  language,
  limit: limit.meta({ unit: 'examples', fallback: 'all' }),
  on_bad_row: onBadRow,
});

/** Supervised fine-tuning (docs/sft.md). Names and defaults of TRL's SFTConfig, where it has them. */
export const sftSchema = z.strictObject({
  num_train_epochs: z
    .number()
    .positive()
    .max(LARGEST)
    .default(3)
    .meta({ unit: 'epochs' })
    .describe('How often every example is learnt from, where max_steps does not say; the last step is filled up.'),
  max_steps: z
    .int()
    .min(1)
    .max(MOST_STEPS)
    .optional()
    .meta({ unit: 'steps', fallback: '`num_train_epochs` x examples / `batch_size`, rounded up' })
    .describe('Optimizer steps.'),
  batch_size: count.default(8).meta({ unit: 'examples' }).describe('Examples of an optimizer step.'),
  max_length: count
    .min(2)
    .optional()
    .meta({ unit: 'tokens', fallback: "the model's context" })
    .describe('Of an example, all in all.'),
  on_long_row: z
    .enum(['error', 'skip', 'truncate'])
    .default('error')
    .describe('Stop at an example above max_length, leave it out and count it, or keep its first max_length tokens.'),
  completion_only_loss: z
    .boolean()
    .default(true)
    .describe('Of a prompt with a completion, and of a question with a solution, only what answers has loss.'),
  assistant_only_loss: z
    .boolean()
    .default(true)
    .describe("Of a chat (`messages`) only the assistant's turns have loss; TRL's default is everything."),
  eval: z.array(heldOutSchema).default([]).describe('Held-out sets that are measured by their loss.'),
});

export type SftSettings = z.output<typeof sftSchema>;
