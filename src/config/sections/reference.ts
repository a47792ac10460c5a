import { z } from 'zod';
import { MOST_STEPS } from './numbers.js';

/** How the reference of the KL moves; names and defaults of TRL's GRPOConfig. */
export const referenceShape = {
  sync_ref_model: z
    .boolean()
    .default(false)
    .describe('The reference moves towards the policy instead of staying the model at the start.'),
  ref_model_sync_steps: z
    .int()
    .min(1)
    .max(MOST_STEPS)
    .default(512)
    .meta({ unit: 'steps' })
    .describe("Between moves of the reference; each writes its weights, 4 bytes a parameter, into the run's folder."),
  ref_model_mixup_alpha: z
    .number()
    .gt(0)
    .max(1)
    .default(0.6)
    .meta({ unit: 'share' })
    .describe('The reference becomes this much of the policy and the rest of itself; 1: the policy as it is then.'),
} as const;
