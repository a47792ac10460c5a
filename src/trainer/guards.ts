import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import type { Collected } from './collect.js';

/** Steps in a row without any reward before the first warning. */
const SILENT_ZERO_STEPS = 3;

export interface Guarded {
  zeroRewardSteps: number;
}

/**
 * Looks at what the graders gave. Errors are told, and too many stop the run; so do steps without any reward, if asked.
 *
 * @throws GlossaError GRADER_ERRORS, NONFINITE, ALL_REWARDS_ZERO.
 */
export function guardRewards(
  batch: Collected,
  before: number,
  { grpo, rewards }: ResolvedConfig,
  step: number,
  warn: (message: string) => void,
): Guarded {
  const errors = batch.graded.flatMap((row) => row.errors);
  if (errors[0]) {
    const { reward, message } = errors[0];
    const share = errors.length / (batch.graded.length * rewards.length);
    const text = `step ${String(step)}: ${String(errors.length)} gradings (${(100 * share).toFixed(1)} %) ended in an error; the first, of ${reward}: ${message}`;
    if (share > grpo.max_grader_errors) {
      throw new GlossaError('GRADER_ERRORS', text, {
        hint: `mend the reward, or allow more with grpo.max_grader_errors (now ${String(grpo.max_grader_errors)})`,
      });
    }
    warn(text);
  }
  const infinite = batch.advantages.advantages.findIndex((advantage) => !Number.isFinite(advantage));
  if (infinite >= 0) {
    throw new GlossaError(
      'NONFINITE',
      `step ${String(step)}: the advantage of completion ${String(infinite)} is not a float32; its rewards are ${JSON.stringify(batch.graded[infinite]!.rewards)}`,
      { hint: 'mend the reward: float32 ends at 3.4e38' },
    );
  }
  const zeroRewardSteps = batch.advantages.rewards.every((reward) => !(Math.abs(reward) > 0)) ? before + 1 : 0;
  if (grpo.max_zero_reward_steps > 0 && zeroRewardSteps >= grpo.max_zero_reward_steps) {
    throw new GlossaError(
      'ALL_REWARDS_ZERO',
      `every reward was 0 for ${String(zeroRewardSteps)} steps in a row: there is nothing to learn from`,
      {
        hint: 'take easier problems or a better model, or look at the completions in rollouts/',
      },
    );
  }
  if (zeroRewardSteps > 0 && zeroRewardSteps % SILENT_ZERO_STEPS === 0) {
    warn(
      `step ${String(step)}: every reward was 0 for ${String(zeroRewardSteps)} steps in a row; nothing is being learnt`,
    );
  }
  return { zeroRewardSteps };
}
