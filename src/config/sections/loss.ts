import { z } from 'zod';
import type { LossSettings } from '../../engine/types.js';
import { LARGEST } from './numbers.js';

const temperature = z.number().min(1e-6).max(1e6).meta({ unit: 'factor' });
const gamma = z.number().min(0).max(100).meta({ unit: 'factor' });

/** The loss of an optimizer step. Names and defaults of TRL's GRPOConfig; docs/losses.md has the formulas. */
export const lossShape = {
  loss_type: z.string().default('dapo').describe('A loss by its name; [losses.md](losses.md) has them all.'),
  importance_sampling_level: z
    .enum(['token', 'sequence'])
    .default('token')
    .describe(
      'Whose ratio is weighed and clipped: each token its own, or the geometric mean of its completion (GSPO: with loss_type grpo).',
    ),
  epsilon: z
    .number()
    .positive()
    .lt(1)
    .default(0.2)
    .meta({ unit: 'ratio' })
    .describe('Lower (and, without epsilon_high, upper) clip of the ratio.'),
  epsilon_high: z
    .number()
    .positive()
    .max(LARGEST)
    .nullable()
    .default(null)
    .meta({ unit: 'ratio' })
    .describe('Upper clip of the ratio, as 1 + epsilon_high; null: epsilon. For cispo the bound itself, usually 5.'),
  delta: z
    .number()
    .gt(1)
    .max(LARGEST)
    .nullable()
    .default(null)
    .meta({ unit: 'ratio' })
    .describe('Upper bound of the ratio where the advantage is negative, above 1 + epsilon_high; null: none.'),
  sapo_temperature_pos: temperature.default(1).describe('Of the gate of sapo, where the advantage is above 0.'),
  sapo_temperature_neg: temperature.default(1.05).describe('Of the gate of sapo elsewhere.'),
  vespo_k_pos: gamma.default(2).describe('Power of the weight of vespo, where the advantage is not negative.'),
  vespo_lambda_pos: gamma.default(3).describe('Decay of the weight of vespo, where the advantage is not negative.'),
  vespo_k_neg: gamma.default(3).describe('Power of the weight of vespo elsewhere.'),
  vespo_lambda_neg: gamma.default(2).describe('Decay of the weight of vespo elsewhere.'),
  beta: z
    .number()
    .min(0)
    .max(LARGEST)
    .default(0)
    .meta({ unit: 'weight' })
    .describe('Weight of the KL to the model at the start; 0: no reference is kept.'),
  kl_estimator: z.enum(['k1', 'k2', 'k3']).default('k3').describe('How the KL is estimated from one token.'),
  use_bias_correction_kl: z
    .boolean()
    .default(false)
    .describe('The KL is multiplied by the ratio, which makes its gradient that of the KL itself.'),
  entropy_coef: z
    .number()
    .min(0)
    .max(LARGEST)
    .default(0)
    .meta({ unit: 'weight' })
    .describe('Weight of the mean entropy a token, which is taken off the loss; 0: none.'),
  top_entropy_quantile: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .meta({ unit: 'share' })
    .describe(
      'The policy learns from this share of the tokens of a step, those of most entropy; the KL counts for all.',
    ),
  off_policy_mask_threshold: z
    .number()
    .positive()
    .max(LARGEST)
    .nullable()
    .default(null)
    .meta({ unit: 'nats' })
    .describe(
      'Completions of negative advantage from which the policy has moved further than this, a token on average, are left out; null: none.',
    ),
} as const;

type LossConfig = { [K in keyof typeof lossShape]: z.infer<(typeof lossShape)[K]> } & { kl_in_reward: boolean };

/** What the engine is asked for: the settings of the loss without those that are null. */
export function lossSettings(grpo: LossConfig): LossSettings {
  const given = Object.keys(lossShape)
    .map((key) => [key, grpo[key as keyof LossConfig]] as const)
    .filter(([, value]) => value !== null);
  return {
    loss_type: grpo.loss_type,
    ...Object.fromEntries(given),
    ...(grpo.kl_in_reward && { beta: 0 }),
  };
}
