import type { LanguageMeasure } from '../language/types.js';
import type { Problem } from '../data/types.js';
import type { Finish } from '../engine/types.js';

export interface RewardInput {
  problem: Problem;
  completion: string;
  finish: Finish;
  language: LanguageMeasure;
}
/** A number, or null for "not judged". A throw is counted as an error, shown, and treated as not judged; never a zero. */
export type RewardFunction = (input: RewardInput) => number | null | Promise<number | null>;

export interface RewardSettings {
  /** accuracy, format, language (additive), language_gated (counted only when the answer is right), or a module path. */
  name: string;
  weight: number;
  module?: string | undefined;
}
export interface GradedCompletion {
  correct: boolean | null;
  /** One per configured reward, unweighted. */
  rewards: (number | null)[];
  errors: { reward: string; message: string }[];
  language: LanguageMeasure;
}
// src/reward/index.ts:
//   gradeAnswer(completion: string, gold: string): boolean | null      exact number, see answer.ts
//   createGrader(settings: RewardSettings[], options: { threads?: number }): Promise<Grader>
//   interface Grader { names: string[]; weights: number[]; grade(inputs: Omit<RewardInput,'language'>[]): Promise<GradedCompletion[]>; close(): Promise<void> }
//   grading and language measures run in worker threads; results keep input order.
