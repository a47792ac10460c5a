import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GlossaError } from '../base/error.js';
import { isMissing, requireFile } from '../base/read_file.js';
import { describeThrown } from './module_error.js';
import { syntaxFault } from './syntax_fault.js';
import type { RewardFunction } from './types.js';

/** Of a module's source. */
const MOST_BYTES = 64 * 2 ** 20;

export const MODULE_HINT =
  'A reward module reads: export default ({ problem, completion, finish, language, answer, correct }) => number | null';

/**
 * The default export of a user's module, which must be a reward function. `path` is relative to the working directory.
 * Errors: REWARD_MODULE, where it does not load or exports no function.
 */
export async function loadRewardModule(path: string): Promise<RewardFunction> {
  // Before Node opens it: a FIFO is waited for without end, and a device read so.
  await requireFile(path, MOST_BYTES).catch((error: Error) => {
    const why = isMissing(error) ? `${path} is not there` : error.message;
    throw new GlossaError('REWARD_MODULE', `reward module ${why}`, { hint: MODULE_HINT });
  });
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (cause) {
    const { message } = describeThrown(cause, resolve(path));
    const fault = cause instanceof SyntaxError ? await syntaxFault(resolve(path)) : undefined;
    const where = fault === undefined ? '' : ` (${fault.place})\n${fault.lines}`;
    throw new GlossaError('REWARD_MODULE', `reward module ${path} did not load: ${message}${where}`, {
      hint: MODULE_HINT,
      cause,
    });
  }
  if (typeof module.default === 'function') return module.default as RewardFunction;
  throw new GlossaError('REWARD_MODULE', `reward module ${path} has no default export that is a function`, {
    hint: MODULE_HINT,
  });
}
