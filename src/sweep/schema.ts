import { z } from 'zod';
import { kubernetesSchema } from './kubernetes/settings.js';
import { slurmSchema } from './slurm/settings.js';

const setting = z.string().min(1);
const anything = z.unknown();
const settings = z.record(setting, anything);
const count = z.int().min(1);
const pair = z.tuple([z.number(), z.number()]);

/** Settings (or `arm`, or `seed`) and the value, or the values, that they must have. */
const conditionSchema = z.record(setting, anything);

const rangeSchema = z.strictObject({
  values: z.array(anything).min(1).optional().describe('One after the other, as a plain list.'),
  from: z.number().optional().describe('First of `count` values; with `to`.'),
  to: z.number().optional().describe('Last of them.'),
  count: z.int().min(2).max(1e6).optional(),
  spacing: z.enum(['linear', 'log']).optional().describe('Of `from`, `to`, `count`; default linear.'),
  uniform: pair.optional().describe('Drawn from [a, b).'),
  log: pair.optional().describe('Drawn from [a, b), its logarithm uniformly; both above 0.'),
  int: pair.optional().describe('A whole number drawn from a to b, both included.'),
  name: z.string().min(1).optional().describe("In the runs' names; default: the end of the setting's name."),
  when: conditionSchema
    .optional()
    .describe('Only runs that these hold for have the axis; the others keep the value of the base.'),
});

const armSchema = z.strictObject({
  name: z.string().regex(/^\w[\w.+-]{0,63}$/, 'expected a word: letters, digits, _ . + -'),
  set: settings.default({}).describe('Settings of the arm, over those of the sweep.'),
});

const localSchema = z.strictObject({
  at_once: z
    .union([z.literal('auto'), count])
    .default('auto')
    .describe('Runs side by side; auto: as many as fit cores, memory and GPUs.'),
  threads_per_run: z
    .union([z.literal('auto'), count])
    .default('auto')
    .describe('auto: the cores divided among the runs at once. Changes no result.'),
  pin: z.boolean().default(true).describe('Each run has cores of its own (Linux).'),
  runs_per_gpu: count.default(1).describe('Runs at once on one GPU.'),
  retries: z
    .int()
    .min(0)
    .max(1000)
    .default(2)
    .describe('Further attempts of a run that failed, each call of the sweep.'),
});

const halvingSchema = z.strictObject({
  metric: z.string().min(1).describe('Of metrics.jsonl.'),
  at: z.array(count).min(1).describe('Steps after which arms are compared.'),
  keep: z.number().gt(0).lt(1).default(0.5).describe('Share of the arms that go on each time, rounded up.'),
  direction: z
    .enum(['max', 'min'])
    .optional()
    .describe('Which end of the metric is better; default: min of losses and perplexities, else max.'),
  window: count.default(1).describe('Steps up to that one over which the metric is averaged.'),
});

/** The one source of what stands in a sweep file. Unknown keys are refused. */
export const sweepSchema = z.strictObject({
  name: z
    .string()
    .regex(/^\w[\w.+-]{0,63}$/, 'expected a word: letters, digits, _ . + -')
    .optional()
    .describe('Of the sweep and, below runs/, of its folder; default: the name of the file.'),
  base: z.union([z.string().min(1), settings]).describe('A config, from the folder of this file, or a config itself.'),
  set: settings.default({}).describe('Settings of all runs, over those of the base.'),
  axes: z.record(setting, z.union([z.array(anything).min(1), rangeSchema])).default({}),
  method: z
    .enum(['grid', 'list', 'random', 'latin_hypercube'])
    .default('grid')
    .describe('grid: every combination; list: the first values of all axes, the second ones, and so on; else draws.'),
  samples: z.int().min(1).max(1e6).optional().describe('Of random and latin_hypercube.'),
  sampling_seed: z.int().min(0).default(0).describe('Of the draws.'),
  seeds: z
    .union([count.max(1e6), z.array(z.int().min(0)).min(1)])
    .optional()
    .describe("An axis of its own: a list, or how many from 1 up; default: the base's."),
  arms: z.array(armSchema).min(1).optional().describe('Named settings, crossed with axes and seeds.'),
  skip: z.array(conditionSchema).default([]).describe('Runs that one of these holds for are left out.'),
  local: localSchema.prefault({}),
  slurm: slurmSchema.prefault({}),
  kubernetes: kubernetesSchema.optional(),
  halving: halvingSchema.optional().describe('Early stopping of hopeless arms: successive halving.'),
  baseline: z
    .union([z.string(), conditionSchema])
    .optional()
    .describe('What others are compared with: the name of an arm, or values of axes.'),
});

export type SweepSpec = z.output<typeof sweepSchema>;
export type RangeSpec = z.output<typeof rangeSchema>;
export type Condition = z.output<typeof conditionSchema>;

/** JSON Schema (draft 2020-12) of a sweep file. */
export function sweepJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(sweepSchema, { io: 'input' });
}
