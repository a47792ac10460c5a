import type { Measure } from './types.js';

/**
 * Which language completions are in. WR is the word ratio of arXiv 2506.05850, lpr and wpr those of Marchisio et al.
 * (arXiv 2406.20052); docs/language.md says what counts as a word.
 */
export const LANGUAGE_MEASURES = [
  {
    name: 'language/target_wr',
    field: 'target_wr',
    label: '{target} words',
    unit: 'share',
    description: "Target WR: share of the counted words of all completions that are in the prompt's language",
  },
  {
    name: 'language/en_wr',
    field: 'en_wr',
    label: 'English words',
    unit: 'share',
    description: 'EN WR: share that are English; of prompts in English the same as Target WR',
  },
  {
    name: 'language/other_wr',
    field: 'other_wr',
    label: 'other words',
    unit: 'share',
    description: 'Other WR: share in neither',
  },
  {
    name: 'language/rewarded/target_wr',
    field: 'target_wr_rewarded',
    label: '{target} words of right answers',
    unit: 'share',
    description: 'Target WR over the words of the right completions only',
  },
  {
    name: 'language/rewarded/en_wr',
    label: 'English words of right answers',
    unit: 'share',
    description: 'EN WR over those',
  },
  {
    name: 'language/rewarded/other_wr',
    label: 'other words of right answers',
    unit: 'share',
    description: 'Other WR over those',
  },
  {
    name: 'language/reasoning/target_wr',
    field: 'target_wr_reasoning',
    label: '{target} words of the reasoning',
    unit: 'share',
    description:
      'Target WR of what stands before the final answer, repetitions counted once and copies of the question not at all, unless the share is smaller with them ([language.md](language.md), "Fidelity"). Where it lies far below Target WR, that is words that nobody thinks with',
  },
  {
    name: 'language/reasoning/en_wr',
    label: 'English words of the reasoning',
    unit: 'share',
    description: 'EN WR of the same words',
  },
  {
    name: 'language/words_after_answer',
    field: 'words_after_answer',
    label: 'words after the answer',
    unit: 'words',
    description: 'words a completion from its final answer on (its unit among them)',
  },
  {
    name: 'language/repetition',
    field: 'repetition',
    label: 'repeated words',
    unit: 'share',
    description: 'share of all words that stand in a stretch of three that stood before in their completion',
  },
  {
    name: 'language/copied',
    field: 'copied',
    label: 'words copied',
    unit: 'share',
    description: 'share of the words before the final answer that stand in a stretch of three of the question',
  },
  {
    name: 'language/in_markup',
    field: 'in_markup',
    label: 'words in markup',
    unit: 'share',
    description: 'share of all words that stand in mathematics, code, tags or addresses, where no ratio counts them',
  },
  {
    name: 'language/first_switch',
    label: 'first switch',
    unit: 'share',
    description:
      'share of a completion (in words) before another language first runs for three words or more; mean over the completions that switch',
  },
  {
    name: 'language/switches',
    label: 'switches',
    unit: 'number',
    description: 'changes of language, in runs of three words or more, a completion; mean over completions with words',
  },
  {
    name: 'language/lpr',
    label: 'line pass rate',
    unit: 'share',
    description: 'share of the completions with words that have no line in a wrong language',
  },
  {
    name: 'language/wpr',
    label: 'word pass rate',
    unit: 'share',
    description: 'of those, share with no stray English word',
  },
] as const satisfies readonly Measure[];
