import type { Measure } from './types.js';

/** What the levers on language did; in the line of the first step of a generation, where a lever is on. */
export const LEVER_MEASURES = [
  {
    name: 'rewards/<reward>/weight',
    label: 'weight of reward {reward}',
    unit: 'number',
    description: 'of one reward in the sum, where it follows a schedule ([levers.md](levers.md), as all below)',
  },
  {
    name: 'strict/share',
    label: 'paid nothing',
    unit: 'share',
    description: 'share of the completions of the generation with a segment in another language, whose rewards are 0',
  },
  {
    name: 'drop/share',
    label: 'dropped',
    unit: 'share',
    description: 'share of the completions of the generation that are in another language and carry no loss',
  },
  {
    name: 'constraint/multiplier',
    label: 'multiplier',
    unit: 'number',
    description: 'of the bound on Target WR: the weight of its reward in this generation',
  },
  {
    name: 'constraint/ratio',
    label: 'bounded ratio',
    unit: 'share',
    description: 'mean over the completions of the generation of the Target WR of their reasoning',
  },
  {
    name: 'constraint/slack',
    label: 'slack of the bound',
    unit: 'number',
    description: 'that ratio minus the target; below 0 the bound is broken, and the multiplier rises',
  },
  {
    name: 'constraint/trend',
    label: 'trend of the ratio',
    unit: 'number',
    description: 'slope of the least-squares line through the last ratios, a generation',
  },
  {
    name: 'constraint/warning',
    label: 'early warning',
    unit: 'number',
    description: '1 where the bound is kept and the trend leads below it within `warn_ahead` generations, else 0',
  },
  {
    name: 'hints/share',
    label: 'prompts with a hint',
    unit: 'share',
    description: 'share of the prompts of the generation that had one',
  },
  {
    name: 'hints/<language>/on',
    label: 'hints on',
    unit: 'number',
    description: '1 where prompts in the language may have a hint, 0 once it stands by itself',
  },
  {
    name: 'hints/<language>/target_wr',
    label: 'target words without a hint',
    unit: 'share',
    description: 'mean Target WR of the reasoning of the completions in the language whose prompt had no hint',
  },
] as const satisfies readonly Measure[];
