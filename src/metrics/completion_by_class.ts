import type { Measure } from './types.js';

/** Of the completions of one class ({@link completionClass}): the language they are in. */
export const COMPLETION_CLASS_MEASURES = [
  {
    name: 'completions/<class>/accuracy',
    label: 'accuracy, {class}',
    unit: 'share',
    description: 'share of right ones among the judged completions of the class',
  },
  {
    name: 'completions/<class>/mean_length',
    label: 'mean length, {class}',
    unit: 'tokens',
    description: 'mean tokens of its completions',
  },
  {
    name: 'completions/<class>/clipped_ratio',
    label: 'cut off, {class}',
    unit: 'share',
    description: 'share of its completions that the budget cut off',
  },
  {
    name: 'completions/<class>/entropy',
    label: 'entropy, {class}',
    unit: 'nats',
    description:
      'mean entropy a token of its completions, of the policy that drew them: in the first step on a generation the very policy that is trained',
  },
  {
    name: 'completions/<class>/kl',
    label: 'KL to the reference, {class}',
    unit: 'nats',
    description:
      'mean a token of the estimate that `kl_estimator` names, of the policy that drew them, whether the token carries loss or not; only where `beta` is above 0',
  },
] as const satisfies readonly Measure[];
