import { z } from 'zod';
import { positive } from './numbers.js';

/** Of an adapter: the engine's bound. */
const MOST_RANK = 1024;

/** Low-rank adapters: what trains instead of the model's own weights (Hu et al. 2021, arXiv 2106.09685). */
export const loraSchema = z.strictObject({
  rank: z
    .int()
    .min(1)
    .max(MOST_RANK)
    .default(16)
    .meta({ unit: 'columns' })
    .describe("Of A and B, in every adapted layer (PEFT's r)."),
  alpha: positive
    .max(1e6)
    .default(32)
    .meta({ unit: 'factor' })
    .describe("What an adapter gives is multiplied by alpha / rank (PEFT's lora_alpha)."),
  targets: z
    .union([z.literal('all-linear'), z.array(z.string().min(1, 'expected the name of a linear layer')).min(1)])
    .default('all-linear')
    .describe(
      "Which linear layers are adapted: `all-linear` (all but the head), or names, from a dot on: `q_proj`, `k_proj`, `v_proj`, `o_proj`, `gate_proj`, `up_proj`, `down_proj`, or of one layer `layers.0.mlp.up_proj` (PEFT's target_modules).",
    ),
  dropout: z
    .literal(
      0,
      'only 0: with dropout the trainer would compute another model than the sampler, and their ratio would not be 1',
    )
    .default(0)
    .meta({ unit: 'share' })
    .describe('0 alone: with dropout the trainer would compute another model than the sampler.'),
  use_rslora: z
    .boolean()
    .default(false)
    .describe('alpha / sqrt(rank) instead of alpha / rank (Kalajdzievski 2023, arXiv 2312.03732).'),
});
