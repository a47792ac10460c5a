import { judgeAnswer, type AnswerMode } from '../answer/index.js';
import { measureLanguage } from '../language/index.js';
import { BUILTIN_REWARDS } from './builtin.js';
import { messageOf } from './custom.js';
import type { GradedCompletion, RewardFunction, RewardInput, UngradedCompletion } from './types.js';

/** A configured reward, ready to be called. */
export type LoadedReward = { name: string } & ({ custom: RewardFunction } | { custom?: undefined });

/**
 * Everything about one completion: verdict, language, rewards. A user's function that throws, or returns what is neither a
 * finite number nor null, leaves null in its place and an entry in `errors`; so does each reward in `failed`, which hung or
 * ended its thread before. `calling` is told which reward is about to run.
 */
export async function gradeCompletion(
  given: UngradedCompletion,
  rewards: readonly LoadedReward[],
  mode: AnswerMode,
  failed: ReadonlyMap<number, string> = new Map(),
  calling?: (reward: number) => void,
): Promise<GradedCompletion> {
  const input = judge(given, mode);
  const graded = unrewarded(input);
  for (const [k, { name, custom }] of rewards.entries()) {
    if (custom === undefined) {
      graded.rewards.push(BUILTIN_REWARDS[name]!(input));
      continue;
    }
    let value: number | null = null;
    let message = failed.get(k);
    if (message === undefined) {
      calling?.(k);
      try {
        value = await custom({ ...input });
        if (value !== null && !Number.isFinite(value))
          message = `returned ${String(value)}, expected a finite number or null`;
      } catch (thrown) {
        message = messageOf(thrown);
      }
    }
    if (message !== undefined) graded.errors.push({ reward: name, message });
    graded.rewards.push(message === undefined ? value : null);
  }
  return graded;
}

/** As gradeCompletion where every reward is built in: nothing to wait for. */
export function gradeBuiltin(
  given: UngradedCompletion,
  rewards: readonly LoadedReward[],
  mode: AnswerMode,
): GradedCompletion {
  const input = judge(given, mode);
  return { ...unrewarded(input), rewards: rewards.map(({ name }) => BUILTIN_REWARDS[name]!(input)) };
}

function judge(given: UngradedCompletion, mode: AnswerMode): RewardInput {
  const { completion, problem, finish, thought } = given;
  return {
    problem,
    completion,
    finish,
    ...judgeAnswer(completion, problem.answer, { answer: mode, finish, thought }),
    language: measureLanguage(completion, problem.language),
  };
}

function unrewarded({ correct, answer, language }: RewardInput): GradedCompletion {
  return { correct, answer, rewards: [], errors: [], language };
}
