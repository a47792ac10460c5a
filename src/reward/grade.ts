import { verifierOf, type AnswerMode, type Verdict } from '../answer/index.js';
import { measureLanguage } from '../language/index.js';
import { BUILTIN_REWARDS } from './builtin.js';
import type { GradedCompletion, RewardInput, RewardSettings, UngradedCompletion } from './types.js';

/** A completion with the verdict of its verifier, where that is a module. */
export interface JudgedCompletion extends UngradedCompletion {
  verdict?: Verdict;
}

/**
 * Verdict, language and built-in rewards of a completion. A reward of a module is null here: modules are called elsewhere, in
 * processes of their own.
 */
export function gradeBuiltin(
  given: JudgedCompletion,
  rewards: readonly RewardSettings[],
  mode: AnswerMode,
): GradedCompletion {
  const { problem, completion, finish, thought } = given;
  const verdict =
    given.verdict ?? verifierOf(problem.verifier)!.judge(completion, problem.answer, { answer: mode, finish, thought });
  const judged = {
    ...verdict,
    language: measureLanguage(completion, problem.language),
  };
  const input = rewardInput(given, judged);
  return {
    ...judged,
    rewards: rewards.map(({ name, module }) => (module === undefined ? BUILTIN_REWARDS[name]!(input) : null)),
    errors: [],
  };
}

/** What a reward function is given. */
export function rewardInput(
  { problem, completion, finish }: UngradedCompletion,
  { correct, answer, language }: Pick<GradedCompletion, 'correct' | 'answer' | 'language'>,
): RewardInput {
  return { problem, completion, finish, language, answer, correct };
}
