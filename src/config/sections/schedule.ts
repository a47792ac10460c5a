import { z } from 'zod';

export const evalSchema = z.strictObject({
  every: z.int().min(0).default(0).describe('Optimizer steps between evaluations; 0: only at the start and the end.'),
  at_start: z.boolean().default(true).describe('Evaluate before the first step.'),
  at_end: z.boolean().default(true).describe('Evaluate after the last step.'),
  num_samples: z.int().min(1).default(1).describe('Completions a problem.'),
  temperature: z.number().min(0).default(0).describe('0: greedy.'),
  top_p: z.number().gt(0).max(1).default(1).describe('Nucleus.'),
  max_completion_length: z.int().min(1).optional().describe("Tokens. Default: training's."),
});

export const checkpointSchema = z.strictObject({
  every: z
    .int()
    .min(0)
    .default(50)
    .describe('Optimizer steps between checkpoints; 0: only at the end or when interrupted.'),
  keep: z.int().min(1).default(2).describe('Newest checkpoints that are kept.'),
});

export const rolloutsSchema = z.strictObject({
  every: z.int().min(0).default(1).describe('Write every n-th generation to rollouts/; 0: none.'),
});

export const runSchema = z.strictObject({
  dir: z.string().optional().describe('Folder of the run, from the working folder. Default: runs/<name>.'),
  name: z.string().min(1).optional().describe('Default: name of the config file.'),
});
