import { z } from 'zod';
import { ADVANTAGE_ESTIMATORS } from '../../grpo/index.js';
import { learningRateShape } from './learning_rate.js';
import { lossShape } from './loss.js';
import { count, LARGEST, MOST_STEPS } from './numbers.js';
import { referenceShape } from './reference.js';

/** Completion budgets of a config that names none: in general, and within the context of a lab model. */
export const DEFAULT_BUDGET = { model: 512, lab: 128 } as const;

/** Names and defaults of TRL's GRPOConfig, where it has them. */
export const grpoSchema = z.strictObject({
  max_steps: z.int().min(1).max(MOST_STEPS).default(100).meta({ unit: 'steps' }).describe('Optimizer steps.'),
  prompts_per_step: count
    .optional()
    .meta({ unit: 'prompts', fallback: '8' })
    .describe('Prompts of one generation; its completions are split among steps_per_generation steps.'),
  generation_batch_size: z
    .int()
    .min(2)
    .max(2 ** 31 - 1)
    .optional()
    .meta({ unit: 'completions', fallback: '`prompts_per_step` x `num_generations`' })
    .describe('Completions of one generation, instead of prompts_per_step; a multiple of num_generations.'),
  num_generations: z
    .int()
    .min(2, 'a group needs at least 2 completions')
    .max(2 ** 20)
    .default(8)
    .meta({ unit: 'completions' })
    .describe('Completions a prompt.'),
  steps_per_generation: count
    .default(1)
    .meta({ unit: 'steps' })
    .describe('Optimizer steps that one generation is split among.'),
  num_iterations: count.default(1).meta({ unit: 'times' }).describe('How often each generation is used.'),
  max_completion_length: count
    .optional()
    .meta({
      unit: 'tokens',
      fallback: `${String(DEFAULT_BUDGET.model)}; with model.lab ${String(DEFAULT_BUDGET.lab)}`,
    })
    .describe('Of a completion, the end token included.'),
  temperature: z
    .number()
    .min(1e-6)
    .max(1e6)
    .default(1)
    .meta({ unit: 'factor' })
    .describe('Of sampling and of the log-probabilities in the loss.'),
  top_k: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .meta({ unit: 'ids' })
    .describe('The k most probable tokens; 0: all. The loss is over what was kept (docs/decoding.md).'),
  top_p: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .meta({ unit: 'share' })
    .describe('Nucleus; 1: all. The loss is over what was kept (docs/decoding.md).'),
  min_p: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .meta({ unit: 'share' })
    .describe(
      'Tokens at least so probable as a share of the most probable one; 0: all. The loss is over what was kept.',
    ),
  ...lossShape,
  ...referenceShape,
  advantage_estimator: z
    .enum(ADVANTAGE_ESTIMATORS)
    .default('group')
    .describe(
      'What a reward is compared with: the mean of its group; that of the others of its group (rloo); nothing (reinforce); the mean of the generation (reinforce_batch). [grpo.md](grpo.md).',
    ),
  scale_rewards: z
    .enum(['group', 'batch', 'none'])
    .optional()
    .meta({ fallback: '`group`; of another advantage_estimator `none`' })
    .describe('What advantages are divided by: the spread of the group, of the generation, or nothing.'),
  kl_in_reward: z
    .boolean()
    .default(false)
    .describe(
      'beta times the KL of the whole completion (k1) is taken off its reward, and the loss has none (RLOO, PPO).',
    ),
  multi_objective_aggregation: z
    .enum(['sum_then_normalize', 'normalize_then_sum'])
    .default('sum_then_normalize')
    .describe('Several rewards: add and then normalise, or normalise each (GDPO).'),
  mask_truncated_completions: z.boolean().default(false).describe('Completions without an end token carry no loss.'),
  overlong_buffer: z
    .strictObject({
      len: count.meta({ unit: 'tokens' }).describe('Tokens before max_completion_length over which the penalty grows.'),
      penalty_factor: z.number().min(0).max(1e6).default(1).meta({ unit: 'weight' }).describe('Penalty at the end.'),
    })
    .optional()
    .describe(
      "DAPO's soft overlong penalty: the reward `soft_overlong`, 0 up to the buffer and from there along a line to -1.",
    ),
  dynamic_sampling: z
    .boolean()
    .default(false)
    .describe('Groups whose completions are all right or all wrong give their place to further prompts (DAPO).'),
  max_num_gen_batches: count
    .default(10)
    .meta({ unit: 'rounds' })
    .describe(
      'Of sampling for one generation at most, with dynamic_sampling; what is missing then is filled with groups that were set aside.',
    ),
  max_grader_errors: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .meta({ unit: 'share' })
    .describe('Stop when more of the gradings of a step are errors.'),
  max_zero_reward_steps: z
    .int()
    .min(0)
    .max(MOST_STEPS)
    .default(0)
    .meta({ unit: 'steps' })
    .describe('Stop after so many in a row in which every reward is 0; 0: warn only.'),
});

const beta = z.number().min(0).max(0.9999999).meta({ unit: 'factor' });

export const optimizerSchema = z.strictObject({
  ...learningRateShape,
  adam_beta1: beta.default(0.9).describe('AdamW.'),
  adam_beta2: beta.default(0.999).describe('AdamW.'),
  adam_epsilon: z.number().min(1e-30).max(1).default(1e-8).meta({ unit: 'none' }).describe('AdamW.'),
  weight_decay: z.number().min(0).max(1e6).default(0).meta({ unit: 'factor' }).describe('AdamW, decoupled.'),
  weight_decay_on: z
    .strictObject({
      matrices: z.boolean().default(true).describe('Of attention and MLP, and a head that is not tied.'),
      embeddings: z.boolean().default(true).describe('With the head, where that is tied to them.'),
      norms: z.boolean().default(false).describe('Weights of norms.'),
      biases: z.boolean().default(false).describe('Biases.'),
    })
    .prefault({})
    .describe('Kinds of parameters that weight decay acts on.'),
  max_grad_norm: z.number().min(0).max(LARGEST).default(1).meta({ unit: 'norm' }).describe('Global clipping; 0: none.'),
  micro_batch_tokens: z
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(0)
    .meta({ unit: 'tokens' })
    .describe('0: chosen from memory. Changes no result.'),
});

/** Whether the filters of sampling leave ids out in training. */
export function isFiltered({
  top_k: k,
  top_p: p,
  min_p: least,
}: Pick<z.output<typeof grpoSchema>, 'top_k' | 'top_p' | 'min_p'>): boolean {
  return k > 0 || p < 1 || least > 0;
}
