import { formatReward } from './format.js';
import { summaryTargetWr } from './summary.js';
import type { GradedCompletion, RewardSettings, UngradedCompletion } from './types.js';

/** A completion, judged and measured. */
type BuiltinInput = Pick<UngradedCompletion, 'problem' | 'completion' | 'finish' | 'thought'> &
  Pick<GradedCompletion, 'answer' | 'correct' | 'language'>;

/** A reward that is part of glossa. */
type BuiltinReward = (input: BuiltinInput, settings: Pick<RewardSettings, 'threshold'>) => number | null;

const DEFAULT_THRESHOLD = 0.9;

/**
 * accuracy            1 right, 0 wrong, null where the verifier cannot judge by the gold answer.
 * format              see formatReward.
 * language            Target WR of the reasoning, 0 to 1: the share of its words, as measureFidelity counts them, in the prompt's
 *                     language; null without words. Nothing is paid for what follows the answer, is repeated or is copied.
 * language_gated      the same, but 0 unless the answer is right: language pays only together with accuracy; null where the answer
 *                     could not be judged.
 * language_threshold  1 where that Target WR is at least `threshold`, else 0; null without words.
 * language_summary    see summaryTargetWr: the same of what follows the thought alone.
 * language_plain      Target WR, the share of all words of the completion, as the literature has it; a policy learns to be paid for
 *                     words that it does not think with (docs/language.md).
 */
export const BUILTIN_REWARDS: Readonly<Record<string, BuiltinReward>> = {
  accuracy: ({ correct }) => (correct === null ? null : Number(correct)),
  format: ({ completion, finish, thought }) => formatReward(completion, finish, thought),
  language: ({ language }) => language.fidelity.targetWr,
  language_gated: ({ language, correct }) =>
    correct === true ? language.fidelity.targetWr : correct === false ? 0 : null,
  language_threshold: ({ language: { fidelity } }, { threshold = DEFAULT_THRESHOLD }) =>
    fidelity.targetWr === null ? null : Number(fidelity.targetWr >= threshold),
  language_summary: summaryTargetWr,
  language_plain: ({ language }) => language.targetWr,
};
