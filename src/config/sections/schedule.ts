import { z } from 'zod';
import { count, MOST_STEPS } from './numbers.js';
import { bestSchema } from './stop.js';
import { path } from './texts.js';

const every = z.int().min(0).max(MOST_STEPS).meta({ unit: 'steps' });

export const evalSchema = z.strictObject({
  every: every.default(0).describe('Between evaluations; 0: only at the start and the end.'),
  at_start: z.boolean().default(true).describe('Evaluate before the first step.'),
  at_end: z
    .boolean()
    .default(true)
    .describe('Evaluate after the last step, whether `grpo.max_steps` or a condition of `stop` made it the last.'),
  num_samples: count.default(1).meta({ unit: 'completions' }).describe('Completions a problem.'),
  temperature: z.number().min(0).max(1e6).default(0).meta({ unit: 'factor' }).describe('0: greedy.'),
  top_p: z.number().gt(0).max(1).default(1).meta({ unit: 'share' }).describe('Nucleus; 1: all.'),
  max_completion_length: count
    .optional()
    .meta({ unit: 'tokens', fallback: '`grpo.max_completion_length`' })
    .describe('Of a completion, the end token included.'),
});

export const checkpointSchema = z.strictObject({
  every: every.default(50).describe('Between checkpoints; 0: only at the end or when interrupted.'),
  keep: count
    .default(2)
    .meta({ unit: 'checkpoints' })
    .describe("How many whole ones are kept, the newest (TRL's save_total_limit); each takes 12 bytes a parameter."),
  best: bestSchema
    .optional()
    .describe('The checkpoint that is best by a metric is written as soon as it is there, and kept beside the newest.'),
  save_only_model: z
    .boolean()
    .default(false)
    .describe(
      'Checkpoints without optimizer state, in the type the model came in: 2 to 4 bytes a parameter, and no exact --resume.',
    ),
});

export const rolloutsSchema = z.strictObject({
  every: z
    .int()
    .min(0)
    .max(MOST_STEPS)
    .default(1)
    .meta({ unit: 'generations' })
    .describe('Every n-th is written to rollouts/; 0: none.'),
});

export const runSchema = z.strictObject({
  dir: path.optional().meta({ fallback: '`runs/<name>`' }).describe('Folder of the run, from the working folder.'),
  name: z
    .string()
    .min(1)
    .optional()
    .meta({ fallback: 'name of the config file' })
    .describe('Stands in run.json and reports.'),
});
