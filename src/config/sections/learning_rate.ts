import { z } from 'zod';
import { count, MOST_STEPS } from './numbers.js';

/** Transformers' names of schedules. */
export const SCHEDULES = [
  'linear',
  'constant',
  'constant_with_warmup',
  'cosine',
  'cosine_with_restarts',
  'cosine_with_min_lr',
  'polynomial',
  'inverse_sqrt',
  'warmup_stable_decay',
] as const;

const steps = z.int().min(0).max(MOST_STEPS).meta({ unit: 'steps' });
const rate = z.number().min(0).max(1e6).meta({ unit: 'a step' });
const share = z.number().min(0).max(1).meta({ unit: 'share' });
const SHAPES = ['linear', 'cosine', '1-sqrt'] as const;

/** Which schedules read a setting of `lr_scheduler_kwargs`. */
export const READ_BY = {
  num_cycles: ['cosine', 'cosine_with_restarts', 'cosine_with_min_lr', 'warmup_stable_decay'],
  min_lr: ['cosine_with_min_lr'],
  min_lr_rate: ['cosine_with_min_lr'],
  lr_end: ['polynomial'],
  power: ['polynomial'],
  timescale: ['inverse_sqrt'],
  num_decay_steps: ['warmup_stable_decay'],
  num_stable_steps: ['warmup_stable_decay'],
  min_lr_ratio: ['warmup_stable_decay'],
  warmup_type: ['warmup_stable_decay'],
  decay_type: ['warmup_stable_decay'],
} as const satisfies Record<string, readonly (typeof SCHEDULES)[number][]>;

/** Transformers' names and defaults. */
const kwargsSchema = z.strictObject({
  num_cycles: z
    .number()
    .min(0)
    .max(1e6)
    .optional()
    .meta({ unit: 'cycles', fallback: '0.5; of cosine_with_restarts 1' })
    .describe('Of the cosines: waves; of cosine_with_restarts falls to 0.'),
  min_lr: rate.optional().describe('Of cosine_with_min_lr: where it ends; this or min_lr_rate.'),
  min_lr_rate: share.optional().describe('The same as a share of learning_rate.'),
  lr_end: rate.optional().meta({ fallback: '1e-7' }).describe('Of polynomial: where it ends.'),
  power: z.number().min(0).max(100).optional().meta({ unit: 'power', fallback: '1' }).describe('Of polynomial.'),
  timescale: count
    .optional()
    .meta({ unit: 'steps', fallback: 'the warm-up; without one 10000' })
    .describe('Of inverse_sqrt: the rate is the peak times (1 + steps after the warm-up / timescale) ^ -1/2.'),
  num_decay_steps: steps.optional().describe('Of warmup_stable_decay: steps of the fall, at the end.'),
  num_stable_steps: steps
    .optional()
    .meta({ fallback: 'what warm-up and fall leave of max_steps' })
    .describe('Of warmup_stable_decay: steps at the peak.'),
  min_lr_ratio: share
    .optional()
    .meta({ fallback: '0' })
    .describe('Of warmup_stable_decay: where it begins and ends, of the peak.'),
  warmup_type: z.enum(SHAPES).optional().meta({ fallback: '`linear`' }).describe('Of warmup_stable_decay.'),
  decay_type: z.enum(SHAPES).optional().meta({ fallback: '`cosine`' }).describe('Of warmup_stable_decay.'),
});

export const learningRateShape = {
  learning_rate: rate.default(1e-6).describe('Peak, of AdamW. With `sft` the default is 0.00002, as in TRL.'),
  lr_scheduler_type: z
    .enum(SCHEDULES)
    .default('linear')
    .describe('After the warm-up, over the steps to max_steps; [grpo.md](grpo.md) has the formulas.'),
  lr_scheduler_kwargs: kwargsSchema.prefault({}).describe('What some schedules read; another schedule refuses it.'),
  warmup_steps: steps.default(0).describe('From 0 to the peak.'),
  warmup_ratio: share.default(0).describe('The same as a share of max_steps, rounded up; this or warmup_steps.'),
};
