import type { Measure } from './types.js';

/** What the graders gave to the completions of the step. */
export const REWARD_MEASURES = [
  {
    name: 'reward',
    label: 'reward',
    unit: 'reward',
    description: 'mean of the weighted sum of rewards, over the completions that were judged',
  },
  {
    name: 'reward_std',
    label: 'spread of rewards',
    unit: 'reward',
    description: 'its standard deviation (n - 1) over all completions of the step',
  },
  {
    name: 'frac_reward_zero_std',
    label: 'completions without a spread',
    unit: 'share',
    description:
      'share of completions whose rewards have no spread where advantages look for it, and so no advantage: in their group; with `scale_rewards: batch` in the whole generation; with `normalize_then_sum` in the whole generation too, of the sums of normalised rewards. With several steps a generation, the share among those of the step',
  },
  {
    name: 'rewards/<reward>/mean',
    label: 'reward {reward}',
    unit: 'reward',
    description: 'mean of one reward, unweighted, over what it judged',
  },
  {
    name: 'rewards/<reward>/std',
    label: 'spread of reward {reward}',
    unit: 'reward',
    description: 'its standard deviation (n - 1)',
  },
  {
    name: 'grader_errors',
    label: 'grading errors',
    unit: 'number',
    description: 'gradings of the completions of the step that ended in an error',
  },
  {
    name: 'accuracy',
    field: 'accuracy',
    label: 'accuracy',
    unit: 'share',
    description: 'share of right ones among the judged completions; read it beside `clipped_ratio`',
  },
  {
    name: 'pass@<k>',
    label: 'pass@{k}',
    unit: 'share',
    description:
      'chance that at least one of k completions of a problem is right, estimated without bias from all of them (Chen et al. 2021); evaluations with several completions a problem only, as the next two',
  },
  {
    name: 'avg@<k>',
    label: 'avg@{k}',
    unit: 'share',
    description: 'mean over problems of the share of right ones among their k completions',
  },
  {
    name: 'maj@<k>',
    label: 'maj@{k}',
    unit: 'share',
    description:
      'share of problems whose most frequent answer among k completions is right; where several are as frequent, the share of those that is',
  },
] as const satisfies readonly Measure[];
