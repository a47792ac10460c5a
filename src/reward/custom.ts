import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GlossaError } from '../base/error.js';
import type { RewardFunction } from './types.js';

/**
 * The default export of a user's module, which must be a reward function. `path` is relative to the working directory.
 * Errors: REWARD_MODULE, where it does not load or exports no function.
 */
export async function loadRewardModule(path: string): Promise<RewardFunction> {
  const hint = `A reward module reads: export default ({ problem, completion, finish, language }) => number | null`;
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (cause) {
    throw new GlossaError('REWARD_MODULE', `reward module ${path} did not load: ${messageOf(cause)}`, { hint, cause });
  }
  if (typeof module.default === 'function') return module.default as RewardFunction;
  throw new GlossaError('REWARD_MODULE', `reward module ${path} has no default export that is a function`, { hint });
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
}
