import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GlossaError } from '../base/error.js';
import { exists } from '../base/exists.js';
import { describeThrown } from './module_error.js';
import type { RewardFunction } from './types.js';

export const MODULE_HINT =
  'A reward module reads: export default ({ problem, completion, finish, language, answer, correct }) => number | null';

/**
 * The default export of a user's module, which must be a reward function. `path` is relative to the working directory.
 * Errors: REWARD_MODULE, where it does not load or exports no function.
 */
export async function loadRewardModule(path: string): Promise<RewardFunction> {
  if (!(await exists(path))) {
    throw new GlossaError('REWARD_MODULE', `reward module ${path} is not there`, { hint: MODULE_HINT });
  }
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (cause) {
    const { message } = describeThrown(cause, resolve(path));
    throw new GlossaError('REWARD_MODULE', `reward module ${path} did not load: ${message}`, {
      hint: MODULE_HINT,
      cause,
    });
  }
  if (typeof module.default === 'function') return module.default as RewardFunction;
  throw new GlossaError('REWARD_MODULE', `reward module ${path} has no default export that is a function`, {
    hint: MODULE_HINT,
  });
}
