import { GlossaError } from '../base/error.js';
import { scheduleAt } from '../base/schedule.js';
import type { ResolvedConfig } from '../config/index.js';
import type { JsonValue } from '../run/index.js';
import { constraint } from './constraint.js';
import { drop } from './drop.js';
import { hints } from './hints.js';
import { Levers } from './levers.js';
import { rewardWeights } from './reward_weights.js';
import { strict } from './strict.js';

/**
 * The levers that a config asks for, as a checkpoint left them; `state` is undefined at the start of a run. Each gets what the one
 * before it made: the strict rule zeroes rewards, then what is dropped loses them; hints and the constraint look at what was written.
 *
 * @throws GlossaError CHECKPOINT_CORRUPT where a state is none.
 */
export function openLevers(
  config: ResolvedConfig,
  state: Record<string, JsonValue> | undefined,
  warn: (message: string) => void = () => undefined,
): Levers {
  const { levers, rewards, seed } = config;
  try {
    return new Levers(
      [
        levers.hints && hints({ ...levers.hints, seed, state: state?.['hints'] }),
        rewardWeights(config),
        levers.constraint &&
          constraint({
            ...levers.constraint,
            initial: scheduleAt(rewards.find(({ name }) => name === levers.constraint!.reward)!.weight, 0),
            state: state?.['constraint'],
            warn,
          }),
        levers.strict && strict(levers.strict),
        levers.drop && drop(levers.drop),
      ].filter((lever) => lever !== undefined),
    );
  } catch (error) {
    throw new GlossaError('CHECKPOINT_CORRUPT', 'state.json: the state of a lever is not one that this version reads', {
      cause: error,
    });
  }
}
