import { z } from 'zod';
import { ANSWER_MODES } from '../answer/types.js';
import { dataSchema } from './sections/data.js';
import { decodingSchema } from './sections/decoding.js';
import { grpoSchema, optimizerSchema } from './sections/grpo.js';
import { leversSchema } from './sections/levers.js';
import { loraSchema } from './sections/lora.js';
import { modelSchema } from './sections/model.js';
import { promptSchema } from './sections/prompt.js';
import { rewardSchema } from './sections/rewards.js';
import { seed } from './sections/numbers.js';
import { checkpointSchema, evalSchema, rolloutsSchema, runSchema } from './sections/schedule.js';
import { stopSchema } from './sections/stop.js';
import { sftSchema } from './sections/sft.js';

/**
 * The one source of a run's settings: types, defaults, messages, JSON Schema and the table of docs/config.md.
 * Unknown keys are refused. Names are TRL's where TRL has the setting.
 */
export const configSchema = z.strictObject({
  seed: seed.default(42).describe('Every random draw of the run is a function of it and a counter.'),
  model: modelSchema.describe('One of path, lab and init; lab may stand beside path for its problems.'),
  lora: loraSchema
    .optional()
    .describe('Train low-rank adapters, and freeze the model; `{}` is rank 16 in every linear layer (docs/lora.md).'),
  dtype: z
    .enum(['float32', 'bfloat16'])
    .default('float32')
    .describe('Of matrix products, keys and values; master weights, logits and optimizer state are float32.'),
  threads: z
    .int()
    .min(0)
    .max(4096)
    .default(0)
    .meta({ unit: 'threads' })
    .describe('0: the cores this process may use. Changes no result.'),
  device: z
    .string()
    .regex(/^(cpu|cuda(:\d{1,3})?)$/, 'expected cpu, cuda or cuda:N')
    .default('cpu')
    .describe('What computes: `cpu`, or an NVIDIA GPU, `cuda` (the first) or `cuda:N` (docs/cuda.md).'),
  fast: z
    .boolean()
    .default(false)
    .describe(
      'On a GPU: products may be cut along k. Faster for few rows, but not bitwise: log-probabilities of sampler and trainer differ by rounding. Nothing to a CPU.',
    ),
  kv_cache_gb: z
    .number()
    .min(0)
    .max(1e6)
    .default(0)
    .meta({ unit: 'GB' })
    .describe(
      'Most memory (1 GB = 1e9 bytes) of the keys and values of completions and prompts while sampling; what finds no room waits. 0: as much as the completions in flight take. Changes no result.',
    ),
  recompute: z
    .enum(['auto', 'none', 'cheap', 'full'])
    .default('auto')
    .describe(
      'What of the forward pass the backward pass makes again instead of keeping it: nothing, norms and gated units, or whole layers, which takes the least memory and up to a third more work. auto: a CPU none, a GPU cheap. Changes no result.',
    ),
  data: dataSchema.prefault({}),
  prompt: promptSchema.prefault({}),
  rewards: z
    .array(rewardSchema)
    .min(1)
    .default([{ name: 'accuracy', weight: 1 }])
    .describe('Rewards and their weights.'),
  levers: leversSchema.prefault({}),
  answer: z
    .enum(ANSWER_MODES)
    .default('flexible')
    .describe('Of a finished completion without a marked answer (`####`, box): its last number, or (strict) none.'),
  grpo: grpoSchema.prefault({}),
  decoding: decodingSchema.prefault({}),
  sft: sftSchema
    .optional()
    .describe(
      'Where given, the run is supervised fine-tuning ([sft.md](sft.md)), and `grpo` counts for nothing in it.',
    ),
  optimizer: optimizerSchema.prefault({}),
  eval: evalSchema.prefault({}),
  stop: stopSchema.prefault({}).describe('What ends a run before grpo.max_steps; the first condition that is met.'),
  checkpoint: checkpointSchema.prefault({}),
  rollouts: rolloutsSchema.prefault({}),
  run: runSchema.prefault({}),
});

/** A config with every default filled in. */
export type Config = z.output<typeof configSchema>;
/** A config as a user writes it. */
export type ConfigInput = z.input<typeof configSchema>;

/** JSON Schema (draft 2020-12) of what a user writes. */
export function configJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(configSchema, { io: 'input' });
}
