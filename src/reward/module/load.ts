import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GlossaError } from '../../base/error.js';
import { isMissing, readText, requireFile } from '../../base/read_file.js';
import { REWARD_CALLS, type RewardCalls } from '../types.js';
import { describeThrown } from './error.js';
import type { ModuleKind } from './protocol.js';
import { syntaxFault } from './syntax_fault.js';
import { trlStyle } from './trl_style.js';

/** Of a module's source. */
const MOST_BYTES = 64 * 2 ** 20;

const HINTS: Record<ModuleKind, string> = {
  reward:
    'A reward module reads: export default ({ problem, completion, finish, language, answer, correct }) => number | null',
  verifier: 'A verifier module reads: export default ({ problem, completion, finish }) => true | false | null',
};
export const MODULE_CODE = { reward: 'REWARD_MODULE', verifier: 'VERIFIER_MODULE' } as const;

/** A module's function, what it is called with, and where it begins: `path:line`. */
export interface LoadedModule {
  call: (given: unknown) => unknown;
  calls: RewardCalls;
  place: string;
}

/**
 * The default export of a user's module, which must be a function. `path` is relative to the working directory.
 * Errors: REWARD_MODULE or VERIFIER_MODULE, where it does not load, exports no function, or one that is called otherwise.
 */
export async function loadModule(path: string, kind: ModuleKind): Promise<LoadedModule> {
  const refused = (message: string, { hint = HINTS[kind], cause }: { hint?: string; cause?: unknown } = {}) =>
    new GlossaError(MODULE_CODE[kind], `${kind} module ${path} ${message}`, { hint, cause });
  if (/\.py$/i.test(path)) throw refused('is Python; modules are JavaScript or TypeScript', { hint: PYTHON });
  // Before Node opens it: a FIFO is waited for without end, and a device read so.
  await requireFile(path, MOST_BYTES).catch((error: Error) => {
    throw refused(isMissing(error) ? 'is not there' : `cannot be read: ${error.message}`);
  });
  let module: { default?: unknown; calls?: unknown };
  try {
    module = (await import(pathToFileURL(resolve(path)).href)) as typeof module;
  } catch (cause) {
    const { message } = describeThrown(cause, resolve(path));
    const fault = cause instanceof SyntaxError ? await syntaxFault(resolve(path)) : undefined;
    const where = fault === undefined ? '' : ` (${fault.place})\n${fault.lines}`;
    throw refused(`did not load: ${message}${where}`, { cause });
  }
  const { default: call, calls = commonCalls(module.default) } = module;
  if (typeof call !== 'function') throw refused('has no default export that is a function');
  if (!(REWARD_CALLS as readonly unknown[]).includes(calls))
    throw refused(`exports calls ${shown(calls)}, expected ${REWARD_CALLS.map(shown).join(', ')}`);
  if (kind === 'verifier' && calls !== 'completion')
    throw refused(`exports calls ${shown(calls)}: a verifier judges completions one by one`);
  const place = await placeOf(path);
  const other = trlStyle(call, calls as RewardCalls);
  if (other !== undefined) throw refused(`(${place}) ${other.message}`, kind === 'reward' ? { hint: other.hint } : {});
  return { call: call as LoadedModule['call'], calls: calls as RewardCalls, place };
}

const PYTHON =
  'write it in JavaScript, or keep it in Python behind HTTP and give its `url` in place of `module` (docs/rewards.md has both)';

/** Of a CommonJS module, whose exports are properties of its function. */
function commonCalls(exported: unknown): unknown {
  const own = typeof exported === 'function' && (exported as { calls?: unknown }).calls;
  return typeof own === 'string' ? own : 'completion';
}

const shown = (value: unknown): string => JSON.stringify(value) ?? typeof value;

/** Where a module's function begins, for what has no place of its own such as a value that is none. */
async function placeOf(path: string): Promise<string> {
  const text = await readText(path);
  const at = text.search(/^[ \t]*(?:export\s+default\b|export\s*\{[^}]*\bas\s+default\b|module\.exports\s*=)/m);
  return at < 0 ? path : `${path}:${text.slice(0, at).split('\n').length}`;
}
