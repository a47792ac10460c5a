import { z } from 'zod';

/** Names and defaults of TRL's GRPOConfig, where it has them. */
export const grpoSchema = z.strictObject({
  max_steps: z.int().min(1).default(100).describe('Optimizer steps.'),
  prompts_per_step: z
    .int()
    .min(1)
    .optional()
    .describe('Prompts of one generation; its completions are split among steps_per_generation steps. Default 8.'),
  generation_batch_size: z
    .int()
    .min(2)
    .optional()
    .describe('Completions of one generation, instead of prompts_per_step; a multiple of num_generations.'),
  num_generations: z.int().min(2, 'a group needs at least 2 completions').default(8).describe('Completions a prompt.'),
  steps_per_generation: z.int().min(1).default(1).describe('Optimizer steps that one generation is split among.'),
  num_iterations: z.int().min(1).default(1).describe('Times each generation is used.'),
  max_completion_length: z.int().min(1).default(512).describe('Tokens, the end token included.'),
  temperature: z.number().positive().default(1).describe('Of sampling and of the log-probabilities in the loss.'),
  top_k: z.int().min(0).default(0).describe('Must be 0 in training: the loss does not replay it.'),
  top_p: z.number().gt(0).max(1).default(1).describe('Must be 1 in training: the loss does not replay it.'),
  min_p: z.number().min(0).max(1).default(0).describe('Must be 0 in training: the loss does not replay it.'),
  loss_type: z.string().default('dapo').describe('grpo, dr_grpo or dapo.'),
  beta: z.number().min(0).default(0).describe('Weight of the KL to the model at the start; 0: no reference is kept.'),
  epsilon: z
    .number()
    .positive()
    .lt(1)
    .default(0.2)
    .describe('Lower (and, without epsilon_high, upper) clip of the ratio.'),
  epsilon_high: z.number().positive().nullable().default(null).describe('Upper clip of the ratio; null: epsilon.'),
  scale_rewards: z.enum(['group', 'batch', 'none']).default('group').describe('What advantages are divided by.'),
  multi_objective_aggregation: z
    .enum(['sum_then_normalize', 'normalize_then_sum'])
    .default('sum_then_normalize')
    .describe('Several rewards: add and then normalise, or normalise each (GDPO).'),
  mask_truncated_completions: z.boolean().default(false).describe('Completions without an end token carry no loss.'),
  max_grader_errors: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('Stop when more than this share of the gradings of a step are errors.'),
  max_zero_reward_steps: z
    .int()
    .min(0)
    .default(0)
    .describe('Stop after this many steps in a row in which every reward is 0; 0: warn only.'),
});

export const rewardSchema = z.strictObject({
  name: z.string().min(1).describe('accuracy, format, language, language_gated, or a name of your own with `module`.'),
  weight: z.number().default(1).describe('In the weighted sum.'),
  module: z.string().optional().describe('Module that exports the reward as its default; relative to the config file.'),
});

export const optimizerSchema = z.strictObject({
  learning_rate: z.number().min(0).max(1e6).default(1e-6).describe('Peak learning rate of AdamW.'),
  lr_scheduler_type: z
    .enum(['linear', 'constant', 'cosine'])
    .default('linear')
    .describe('After the warm-up, to 0 at max_steps.'),
  warmup_steps: z.int().min(0).default(0).describe('Steps from 0 to the peak.'),
  adam_beta1: z.number().min(0).lt(1).default(0.9).describe('AdamW.'),
  adam_beta2: z.number().min(0).lt(1).default(0.999).describe('AdamW.'),
  adam_epsilon: z.number().positive().default(1e-8).describe('AdamW.'),
  weight_decay: z.number().min(0).default(0).describe('AdamW, decoupled.'),
  max_grad_norm: z.number().min(0).default(1).describe('Global clipping; 0: none.'),
  micro_batch_tokens: z.int().min(0).default(0).describe('0: chosen from memory. Changes no result.'),
});
