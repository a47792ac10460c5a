import type { Measure } from './types.js';

/** Lengths and ends. TRL's names. */
export const COMPLETION_MEASURES = [
  {
    name: 'completions/mean_length',
    field: 'mean_length',
    label: 'mean length',
    unit: 'tokens',
    description: 'mean tokens of a completion, the end token included',
  },
  { name: 'completions/min_length', label: 'least length', unit: 'tokens', description: 'of the shortest one' },
  { name: 'completions/max_length', label: 'greatest length', unit: 'tokens', description: 'of the longest one' },
  {
    name: 'completions/clipped_ratio',
    field: 'clipped_ratio',
    label: 'cut off',
    unit: 'share',
    description: 'share of completions that did not end by themselves: the budget cut them off',
  },
  {
    name: 'completions/mean_terminated_length',
    label: 'mean length, ended',
    unit: 'tokens',
    description: 'mean tokens of those that ended by themselves; 0 where there is none',
  },
  {
    name: 'completions/min_terminated_length',
    label: 'least length, ended',
    unit: 'tokens',
    description: 'of the shortest of those',
  },
  {
    name: 'completions/max_terminated_length',
    label: 'greatest length, ended',
    unit: 'tokens',
    description: 'of the longest of those',
  },
] as const satisfies readonly Measure[];
