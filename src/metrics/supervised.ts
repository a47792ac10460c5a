import type { Measure } from './types.js';

/** Of supervised fine-tuning. TRL's names, but that a held-out set goes by its own: TRL has `eval_<set>_loss`. */
export const SUPERVISED_MEASURES = [
  {
    name: 'mean_token_accuracy',
    label: 'token accuracy',
    unit: 'share',
    description: 'share of the tokens with loss that are the most probable ones; only of supervised fine-tuning',
  },
  {
    name: 'eval_<set>/loss',
    label: 'held-out loss',
    unit: 'nats',
    description: 'mean negative log-probability of a token with loss, of a held-out set of `sft.eval`',
  },
  {
    name: 'eval_<set>/perplexity',
    label: 'held-out perplexity',
    unit: 'number',
    description: 'e to the power of the held-out loss',
  },
  {
    name: 'eval_<set>/entropy',
    label: 'held-out entropy',
    unit: 'nats',
    description: 'mean entropy at a token with loss, of a held-out set',
  },
] as const satisfies readonly Measure[];
