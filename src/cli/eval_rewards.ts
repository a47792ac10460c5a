import type { GlossaError } from '../base/error.js';
import type { ResolvedConfig } from '../config/index.js';
import { createGrader, type Grader, type GraderOptions } from '../reward/index.js';

/**
 * What grades the suites of a run: with its rewards, so that its figures come again, as far as they can be had. A module that is gone, or a service
 * that does not answer, is told, and the others are given; of suites that are no run's there are verdicts alone.
 */
export async function suiteGrader(
  config: ResolvedConfig | undefined,
  options: GraderOptions,
  warn: (message: string) => void,
): Promise<Grader> {
  const rewards = config?.rewards ?? [];
  const own = rewards.filter(({ module, url }) => module === undefined && url === undefined);
  try {
    return await createGrader(rewards, options);
  } catch (error) {
    const { code, message } = error as GlossaError;
    if (own.length === rewards.length || (code !== 'REWARD_MODULE' && code !== 'REWARD_SERVICE')) throw error;
    warn(`rewards of your own are left out: ${message}`);
    return createGrader(own, options);
  }
}
