import { formatReward } from './format.js';
import type { RewardInput } from './types.js';

/** A reward that is part of glossa. */
type BuiltinReward = (input: Pick<RewardInput, 'completion' | 'finish' | 'correct' | 'language'>) => number | null;

/**
 * accuracy        1 right, 0 wrong, null where the verifier cannot judge by the gold answer.
 * format          see formatReward.
 * language        Target WR of the reasoning, 0 to 1: the share of its words, as measureFidelity counts them, in the prompt's
 *                 language; null without words. Nothing is paid for what follows the answer, is repeated or is copied.
 * language_gated  the same, but 0 unless the answer is right: language pays only together with accuracy; null where the answer
 *                 could not be judged.
 * language_plain  Target WR, the share of all words of the completion, as the literature has it; a policy learns to be paid for
 *                 words that it does not think with (docs/language.md).
 */
export const BUILTIN_REWARDS: Readonly<Record<string, BuiltinReward>> = {
  accuracy: ({ correct }) => (correct === null ? null : Number(correct)),
  format: ({ completion, finish }) => formatReward(completion, finish),
  language: ({ language }) => language.fidelity.targetWr,
  language_gated: ({ language, correct }) =>
    correct === true ? language.fidelity.targetWr : correct === false ? 0 : null,
  language_plain: ({ language }) => language.targetWr,
};
