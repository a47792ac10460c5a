import { formatReward } from './format.js';
import type { RewardInput } from './types.js';

/** A reward that is part of glossa. */
type BuiltinReward = (input: Pick<RewardInput, 'completion' | 'finish' | 'correct' | 'language'>) => number | null;

/**
 * accuracy        1 right, 0 wrong, null where the verifier cannot judge by the gold answer.
 * format          see formatReward.
 * language        Target WR, the share of the completion's words in the prompt's language, 0 to 1; null without words.
 * language_gated  the same, but 0 unless the answer is right: language pays only together with accuracy; null where the answer
 *                 could not be judged.
 */
export const BUILTIN_REWARDS: Readonly<Record<string, BuiltinReward>> = {
  accuracy: ({ correct }) => (correct === null ? null : Number(correct)),
  format: ({ completion, finish }) => formatReward(completion, finish),
  language: ({ language }) => language.targetWr,
  language_gated: ({ language, correct }) => (correct === true ? language.targetWr : correct === false ? 0 : null),
};
