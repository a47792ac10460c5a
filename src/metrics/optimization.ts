import type { Measure } from './types.js';

/** Of the optimizer step. TRL's names. */
export const OPTIMIZATION_MEASURES = [
  {
    name: 'loss',
    label: 'loss',
    unit: 'number',
    description:
      "value of the loss. On policy it is near 0 with `grpo`, where a group's advantages sum to 0; losses that weigh by length (`dapo`, `dr_grpo`) are not. The gradient is not 0 in either case",
  },
  {
    name: 'grad_norm',
    label: 'gradient norm',
    unit: 'number',
    description: 'global norm of the gradient before clipping',
  },
  { name: 'learning_rate', label: 'learning rate', unit: 'number', description: 'of this step' },
  {
    name: 'epoch',
    label: 'epochs',
    unit: 'number',
    description: 'prompts drawn so far, divided by the number of training problems',
  },
  {
    name: 'num_tokens',
    label: 'tokens trained on',
    unit: 'tokens',
    description: 'prompt and completion tokens trained on so far, each completion with its prompt',
  },
  {
    name: 'loss_tokens',
    label: 'tokens with loss',
    unit: 'tokens',
    description: 'tokens that carry loss in this step: the denominator of `dapo`',
  },
  {
    name: 'entropy',
    label: 'entropy',
    unit: 'nats',
    description: 'mean entropy a token of the distribution at the sampling temperature',
  },
  {
    name: 'kl',
    label: 'KL to the reference',
    unit: 'nats',
    description:
      'mean a token of the estimate of KL(policy, reference) that `kl_estimator` names, times the ratio with `use_bias_correction_kl`; only where `beta` is above 0',
  },
  {
    name: 'policy_loss',
    label: 'loss without bonus',
    unit: 'number',
    description: 'the loss without the entropy bonus; only where `entropy_coef` is above 0',
  },
  {
    name: 'clip_ratio/low_mean',
    label: 'clipped below',
    unit: 'share',
    description:
      'share of tokens (of completions with `importance_sampling_level: sequence`) whose ratio is below 1 - epsilon with negative advantage; this and the next four where the loss clips ([losses.md](losses.md))',
  },
  {
    name: 'clip_ratio/low_min',
    label: 'clipped below, least',
    unit: 'share',
    description: 'the least such share over completions',
  },
  {
    name: 'clip_ratio/high_mean',
    label: 'clipped above',
    unit: 'share',
    description: 'share of tokens whose ratio is above 1 + epsilon_high with positive advantage',
  },
  {
    name: 'clip_ratio/high_max',
    label: 'clipped above, most',
    unit: 'share',
    description: 'the greatest such share over completions',
  },
  {
    name: 'clip_ratio/region_mean',
    label: 'clipped',
    unit: 'share',
    description: 'share of tokens that are clipped on either side',
  },
  {
    name: 'cispo_clip_ratio',
    label: 'capped',
    unit: 'share',
    description: 'share of tokens whose weight is capped at epsilon_high, with positive advantage; only with `cispo`',
  },
  {
    name: 'vespo/phi_seq_mean',
    label: 'weight of a completion',
    unit: 'number',
    description: "mean over completions of what `vespo` multiplies a completion's policy gradient by",
  },
  {
    name: 'sampling/sampling_logp_difference/max',
    label: 'sampler and trainer apart',
    unit: 'nats',
    description:
      "largest difference between the log-probability the sampler drew with and the trainer's; 0 to the bit in the first step on a generation, afterwards how far the policy has moved",
  },
] as const satisfies readonly Measure[];
