import { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import { gradingErrors } from '../reward/index.js';
import type { Collected } from './collect.js';

/** Steps in a row without any reward before the first warning. */
const SILENT_ZERO_STEPS = 3;
/** Steps between warnings that nothing was judged, from the first. */
const TELL_UNJUDGED_EVERY = 10;

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
  { grpo, rewards, levers }: ResolvedConfig,
  step: number,
  warn: (message: string) => void,
): Guarded {
  const errors = gradingErrors(batch.graded, batch.graded.length * rewards.length);
  if (errors) {
    const text = `step ${String(step)}: ${errors.text}`;
    if (errors.share > grpo.max_grader_errors) {
      throw new GlossaError('GRADER_ERRORS', text, {
        hint: `mend the reward, or allow more with grpo.max_grader_errors (now ${String(grpo.max_grader_errors)})`,
      });
    }
    warn(text);
  }
  const { rewards: sums, advantages } = batch.advantages;
  // Where nothing judged a completion its sum is NaN; a sum that is infinite has no advantage either.
  const infinite = advantages.findIndex(
    (advantage, row) => !Number.isFinite(advantage) || Math.abs(Math.fround(sums[row]!)) === Infinity,
  );
  if (infinite >= 0) {
    throw new GlossaError(
      'NONFINITE',
      `step ${String(step)}: the rewards of completion ${String(infinite)} have no sum and advantage in float32; they are ${JSON.stringify(batch.graded[infinite]!.rewards)}`,
      { hint: 'mend the reward or its weight: float32 ends at 3.4e38' },
    );
  }
  const judged = sums.filter((reward) => !Number.isNaN(reward));
  if (judged.length === 0 && step % TELL_UNJUDGED_EVERY === 1) {
    warn(
      levers.drop && batch.lossMask.every((carries) => carries === 0)
        ? `step ${String(step)}: levers.drop left no completion: Target WR of the reasoning is below ${String(levers.drop.below)} in all of them; nothing is being learnt (lower \`below\`, or lead the model to the language first: levers.hints)`
        : `step ${String(step)}: no reward judged any completion; nothing is being learnt (are the gold answers what their verifier judges by?)`,
    );
  }
  const zeroRewardSteps = judged.length > 0 && judged.every((reward) => reward === 0) ? before + 1 : 0;
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
