import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GlossaError } from '../base/error.js';
import { isMissing, requireFile } from '../base/read_file.js';
import { describeThrown } from './module_error.js';
import { syntaxFault } from './syntax_fault.js';
import type { ModuleKind } from './module_protocol.js';
import type { RewardFunction, VerifierFunction } from './types.js';

/** Of a module's source. */
const MOST_BYTES = 64 * 2 ** 20;

const HINTS: Record<ModuleKind, string> = {
  reward:
    'A reward module reads: export default ({ problem, completion, finish, language, answer, correct }) => number | null',
  verifier: 'A verifier module reads: export default ({ problem, completion, finish }) => true | false | null',
};
export const MODULE_CODE = { reward: 'REWARD_MODULE', verifier: 'VERIFIER_MODULE' } as const;

/**
 * The default export of a user's module, which must be a function. `path` is relative to the working directory.
 * Errors: REWARD_MODULE or VERIFIER_MODULE, where it does not load or exports no function.
 */
export async function loadModule(path: string, kind: ModuleKind): Promise<RewardFunction | VerifierFunction> {
  const code = MODULE_CODE[kind];
  const hint = HINTS[kind];
  // Before Node opens it: a FIFO is waited for without end, and a device read so.
  await requireFile(path, MOST_BYTES).catch((error: Error) => {
    const why = isMissing(error) ? `${path} is not there` : error.message;
    throw new GlossaError(code, `${kind} module ${why}`, { hint });
  });
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
  } catch (cause) {
    const { message } = describeThrown(cause, resolve(path));
    const fault = cause instanceof SyntaxError ? await syntaxFault(resolve(path)) : undefined;
    const where = fault === undefined ? '' : ` (${fault.place})\n${fault.lines}`;
    throw new GlossaError(code, `${kind} module ${path} did not load: ${message}${where}`, {
      hint,
      cause,
    });
  }
  if (typeof module.default === 'function') return module.default as RewardFunction | VerifierFunction;
  throw new GlossaError(code, `${kind} module ${path} has no default export that is a function`, {
    hint,
  });
}
