import { afterThought, answerPlace, verifierOf, type AnswerMode, type Thought, type Verdict } from '../answer/index.js';
import { measureLanguage } from '../language/index.js';
import { BUILTIN_REWARDS } from './builtin.js';
import type { GradedCompletion, RewardInput, RewardSettings, UngradedCompletion } from './types.js';

/** A completion with the verdict of its verifier, where that is a module. */
export interface JudgedCompletion extends UngradedCompletion {
  verdict?: Verdict;
}

/** Verdict, language and built-in rewards of a completion. Users' rewards are null here: they are asked elsewhere. */
export function gradeBuiltin(
  given: JudgedCompletion,
  rewards: readonly RewardSettings[],
  mode: AnswerMode,
): GradedCompletion {
  const { problem, completion, finish, thought } = given;
  const verdict =
    given.verdict ??
    verifierOf(problem.verifier)!.judge(completion, problem.answer, {
      ...{ answer: mode, finish, thought },
      language: problem.language,
    });
  const judged = {
    ...verdict,
    language: measureLanguage(completion, problem.language, {
      end: answerPlace(completion, verdict.answer, thought),
      question: problem.question,
    }),
  };
  const input = { problem, completion, finish, thought, ...judged };
  return {
    ...judged,
    rewards: rewards.map((reward) => (isBuiltin(reward) ? BUILTIN_REWARDS[reward.name]!(input, reward) : null)),
    errors: [],
    ...(isOpen(thought) && afterThought(completion, thought) === null && { unclosed: true }),
  };
}

const isOpen = (thought: Thought = false): boolean => (typeof thought === 'boolean' ? thought : thought.open);

/** Whether a reward is glossa's own, and not a user's function. */
export function isBuiltin({ module, url }: RewardSettings): boolean {
  return module === undefined && url === undefined;
}

/** What a user's function is given; `row` is the completion's place in the generation. */
export function rewardInput(
  { problem, completion, finish, ids = [], group, sample = 0, step = 0 }: UngradedCompletion,
  { correct, answer, language }: Pick<GradedCompletion, 'correct' | 'answer' | 'language'>,
  { row, settings = {} }: { row: number; settings?: RewardSettings['settings'] },
): RewardInput {
  const place = { group: group ?? row, sample, step };
  return { problem, completion, ids: Array.from(ids), finish, answer, correct, language, ...place, settings };
}
