import type { Measure } from './types.js';

/** How the prompts of a generation were found, with `grpo.dynamic_sampling`; in the line of the generation's first step. */
export const DYNAMIC_SAMPLING_MEASURES = [
  {
    name: 'dynamic_sampling/prompts',
    label: 'prompts drawn',
    unit: 'number',
    description: 'prompts that were sampled for the generation, those set aside among them',
  },
  {
    name: 'dynamic_sampling/rounds',
    label: 'rounds of sampling',
    unit: 'number',
    description: 'rounds of sampling, the first one included',
  },
  {
    name: 'dynamic_sampling/all_right',
    label: 'groups all right',
    unit: 'number',
    description: 'groups set aside whose judged completions were all right',
  },
  {
    name: 'dynamic_sampling/all_wrong',
    label: 'groups all wrong',
    unit: 'number',
    description: 'groups set aside whose judged completions were all wrong',
  },
  {
    name: 'dynamic_sampling/unjudged',
    label: 'groups not judged',
    unit: 'number',
    description: 'groups set aside of which no completion could be judged',
  },
  {
    name: 'dynamic_sampling/filled',
    label: 'groups filled in',
    unit: 'number',
    description:
      'groups that were set aside and are trained on all the same, since max_num_gen_batches rounds found no better',
  },
] as const satisfies readonly Measure[];
