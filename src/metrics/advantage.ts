import type { Measure } from './types.js';

/**
 * By language of the completion. Class `target`: at least nine tenths of its words are in the prompt's language; `english`: at
 * least nine tenths are English (of prompts in English such completions are `target`); `mixed`: everything else with words.
 */
export const ADVANTAGE_MEASURES = [
  {
    name: 'advantage/<class>/share',
    label: 'completions, {class}',
    unit: 'share',
    description: 'share of all completions that are of the class; those without words are of none',
  },
  { name: 'advantage/<class>/reward', label: 'reward, {class}', unit: 'reward', description: 'their mean reward' },
  {
    name: 'advantage/<class>/advantage',
    label: 'advantage, {class}',
    unit: 'number',
    description: 'their mean advantage',
  },
  {
    name: 'advantage/<class>/sum',
    label: 'advantage x tokens, {class}',
    unit: 'number',
    description: 'sum of advantage x tokens over them: the push that the class gets',
  },
] as const satisfies readonly Measure[];
