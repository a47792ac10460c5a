import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CallError } from '../asked.js';

/** Characters of a message and lines of a stack that are kept. */
const LONGEST_MESSAGE = 2000;
const STACK_LINES = 12;
const MACHINERY = /\/(?:reward\/module|bundle)\/(?:module_main|typescript_hook)\.|node:|\/ts-blank-space\//;

/** What a module threw, with the place in its own file, and the stack without the lines of the machinery that called it. */
export function describeThrown(thrown: unknown, modulePath: string): CallError {
  if (!(thrown instanceof Error)) return { message: `threw ${safely(() => String(thrown))}`.slice(0, LONGEST_MESSAGE) };
  const message = safely(() => `${thrown.name}: ${thrown.message}`).slice(0, LONGEST_MESSAGE);
  const lines = safely(() => String(thrown.stack ?? ''))
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  const own = lines.filter((line) => !MACHINERY.test(line));
  const url = pathToFileURL(modulePath).href;
  const at = own
    .map((line) => /\(?((?:file:\/\/)?\/[^()]*?):(\d+):(\d+)\)?$/.exec(line))
    .filter((match) => match !== null);
  const inModule = at.find(([, file]) => file === url || file === modulePath) ?? at[0];
  const place = inModule ? ` (${pathOf(inModule[1]!)}:${inModule[2]}:${inModule[3]})` : '';
  const stack = own.slice(0, STACK_LINES).join('\n');
  return { message: message + place, ...(stack !== '' && { stack }) };
}

/** What a line of a stack names: a URL where the module was imported, a path where it was required. */
function pathOf(named: string): string {
  return named.startsWith('file:') ? safely(() => fileURLToPath(named)) : named;
}

/** A thrown value may throw again when it is looked at. */
function safely(read: () => string): string {
  try {
    return read();
  } catch {
    return 'an error that cannot be shown';
  }
}
