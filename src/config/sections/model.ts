import { z } from 'zod';
import { LANGUAGES } from '../../language/types.js';

const count = z.int().min(1);
const share = z.number().min(0).max(1);

const labProblems = z.strictObject({
  steps: z
    .record(z.enum(['1', '2', '3', '4']), z.number().min(0).optional())
    .optional()
    .describe('Weight of each number of arithmetic steps, 1 to 4.'),
  max_start: count.optional().describe('Largest quantity at the start.'),
  max_change: count.optional().describe('Largest quantity gained or lost in one event.'),
  max_total: count.optional().describe('Largest quantity a story may reach.'),
  operations: z
    .array(z.enum(['add', 'subtract', 'multiply', 'divide']))
    .min(1)
    .optional()
    .describe('Which operations may occur.'),
});

const labMix = z.strictObject({
  share: z.number().min(0).describe('Share of the corpus asked in this language.'),
  worked: share.describe('Of its own-language solutions, the share worked step by step.'),
  code_switch: share.default(0).describe('Of its prompts, the share answered by the English worked solution.'),
});

const labPretrain = z.strictObject({
  steps: count.optional().describe('Optimizer steps.'),
  batch_size: count.optional().describe('Fresh problems a step.'),
  learning_rate: z.number().positive().optional().describe('Peak.'),
  final_learning_rate: z.number().min(0).optional().describe('At the last step.'),
  warmup_steps: z.int().min(0).optional().describe('Steps from 0 to the peak.'),
  weight_decay: z.number().min(0).optional().describe('AdamW.'),
  adam_beta2: z.number().min(0).lt(1).optional().describe('AdamW.'),
  loss_on_prompt: z.boolean().optional().describe('Loss on the question as well.'),
});

/** A model pre-trained on the spot on made word problems. What is left out is as in the demo's recipe. */
export const labModelSchema = z.strictObject({
  seed: z.int().min(0).optional().describe("Of pre-training. Default: the run's seed."),
  control: z.boolean().default(false).describe("Start from the demo's control recipe, which has no code-switching."),
  size: z.enum(['tiny', 'small', 'base']).optional().describe('About 0.2, 1 or 10 million parameters.'),
  vocab_size: z.int().min(260).optional().describe('Ids of the tokenizer made with it.'),
  problems: labProblems.optional().describe('How hard the problems are.'),
  mix: z
    .partialRecord(z.enum(LANGUAGES), labMix)
    .optional()
    .describe('What the model reads in each language: `{share, worked, code_switch}`.'),
  pretrain: labPretrain.optional().describe('How it is pre-trained.'),
  train_problems: count.optional().describe('Problems of each language in the train split.'),
  test_problems: count.optional().describe('Problems of each language in the test split.'),
});

/** A fresh model: random weights by the run's seed, somebody else's tokenizer. */
export const initModelSchema = z.strictObject({
  config: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .describe('A Hugging Face config.json: its path, or the object itself.'),
  tokenizer: z.string().describe('Folder with tokenizer.json and tokenizer_config.json.'),
});

export const modelSchema = z.strictObject({
  path: z
    .string()
    .optional()
    .describe(
      'Hugging Face folder (config.json, model.safetensors, tokenizer files), or `org/name[@revision]` after `glossa fetch`.',
    ),
  lab: labModelSchema.optional().describe("Pre-train a lab model (or take it from the cache); `{}` is the demo's."),
  init: initModelSchema.optional().describe('Random weights for a given config.json and tokenizer.'),
  cache: z.string().default('runs/lab').describe('Where pre-trained lab models are kept, from the working folder.'),
});

export type ModelSettings = z.output<typeof modelSchema>;
export type LabModelSettings = z.output<typeof labModelSchema>;
