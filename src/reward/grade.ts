import { measureLanguage } from '../language/index.js';
import { gradeAnswer } from './answer.js';
import { BUILTIN_REWARDS } from './builtin.js';
import { messageOf } from './custom.js';
import type { GradedCompletion, RewardFunction, RewardInput } from './types.js';

export type UngradedCompletion = Omit<RewardInput, 'language'>;

/** A configured reward, ready to be called. */
export type LoadedReward = { name: string } & ({ custom: RewardFunction } | { custom?: undefined });

/**
 * Everything about one completion: verdict, language, rewards. A user's function that throws, or returns what is neither a
 * finite number nor null, leaves null in its place and an entry in `errors`; so does each reward in `failed`, which hung or
 * ended its thread before. `calling` is told which reward is about to run.
 */
export async function gradeCompletion(
  input: UngradedCompletion,
  rewards: readonly LoadedReward[],
  failed: ReadonlyMap<number, string> = new Map(),
  calling?: (reward: number) => void,
): Promise<GradedCompletion> {
  const graded = judge(input);
  for (const [k, { name, custom }] of rewards.entries()) {
    if (custom === undefined) {
      graded.rewards.push(BUILTIN_REWARDS[name]!({ ...input, language: graded.language }, graded.correct));
      continue;
    }
    let value: number | null = null;
    let message = failed.get(k);
    if (message === undefined) {
      calling?.(k);
      try {
        value = await custom({ ...input, language: graded.language });
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
export function gradeBuiltin(input: UngradedCompletion, rewards: readonly LoadedReward[]): GradedCompletion {
  const graded = judge(input);
  for (const { name } of rewards) {
    graded.rewards.push(BUILTIN_REWARDS[name]!({ ...input, language: graded.language }, graded.correct));
  }
  return graded;
}

function judge({ completion, problem }: UngradedCompletion): GradedCompletion {
  return {
    correct: gradeAnswer(completion, problem.answer),
    rewards: [],
    errors: [],
    language: measureLanguage(completion, problem.language),
  };
}
