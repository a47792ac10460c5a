import type { LanguageMeasure } from '../language/types.js';
import type { Problem } from '../data/types.js';
import type { Finish } from '../engine/types.js';

export interface RewardInput {
  problem: Problem;
  completion: string;
  finish: Finish;
  language: LanguageMeasure;
  /** The final answer found in the completion, as text; null where there is none. */
  answer: string | null;
  /** Whether it is right; null where the verifier cannot judge by the gold answer. */
  correct: boolean | null;
}
/** A completion before it is judged and measured. */
export type UngradedCompletion = Pick<RewardInput, 'problem' | 'completion' | 'finish'> & {
  /** The prompt had begun the thought that the completion goes on with. Default false. */
  thought?: boolean;
};
/** A number, or null for "not judged". A throw is counted as an error, shown, and treated as not judged; never a zero. */
export type RewardFunction = (input: RewardInput) => number | null | Promise<number | null>;

/** Whether a completion is right; null for "not judged". A throw is counted as an error, shown, and treated as not judged. */
export type VerifierFunction = (
  input: Pick<RewardInput, 'problem' | 'completion' | 'finish'>,
) => boolean | null | Promise<boolean | null>;

export interface RewardSettings {
  /** accuracy, format, language (additive), language_gated (counted only when the answer is right), or a module path. */
  name: string;
  weight: number;
  module?: string | undefined;
}
export interface GradedCompletion {
  /** Whether the answer is right; null: not judged, for the verifier cannot judge by the gold answer. */
  correct: boolean | null;
  /** The final answer found in the completion, as text; null where there is none. */
  answer: string | null;
  /** Whether it is right by marked answers alone, whichever answers count; null: not judged, or by a module. */
  strict: boolean | null;
  /** One per configured reward, unweighted. */
  rewards: (number | null)[];
  /** Of users' modules: the reward's name or the verifier's path, what a call ended in, with file, line and column where they are known, and the stack. */
  errors: { reward: string; message: string; stack?: string | undefined }[];
  language: LanguageMeasure;
}
