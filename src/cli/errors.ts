import type { Command } from 'commander';
import { printable } from '../base/printable.js';

/** Exit codes: 1 for a failure, 2 for a command line that cannot be meant; after a signal {@link interruptedExit}. */
export const EXIT = { failure: 1, usage: 2 } as const;

/** 128 and the number of the signal, as shells have it. */
const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
export type EndingSignal = keyof typeof SIGNAL_EXIT;

let first: EndingSignal | undefined;

/** Keeps the first signal that asked this process to end. */
export function noteSignal(signal: EndingSignal): void {
  first ??= signal;
}

/** Exit code of a command that a signal ended: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP. */
export function interruptedExit(): number {
  return SIGNAL_EXIT[first ?? 'SIGINT'];
}

/** `error CODE: message` and what to do next, as a terminal may show it. */
export function errorText(error: unknown): string {
  return printable(plainText(error));
}

function plainText(error: unknown): string {
  const { code, message, hint, stack } = error as Partial<{
    code: string;
    message: string;
    hint: string;
    stack: string;
  }>;
  if (isOurs(error)) return `error ${code!}: ${message!}${hint ? `\n  ${hint}` : ''}`;
  return `error INTERNAL: ${stack ?? message ?? String(error)}\n  this is a fault of glossa: please report it with the lines above`;
}

export function exitCode(error: unknown): number {
  const code = isOurs(error) ? (error as { code: string }).code : '';
  if (code === 'ABORTED') return interruptedExit();
  return code === 'USAGE' ? EXIT.usage : EXIT.failure;
}

/** Wraps a command's action: its errors are printed, and become the exit code. */
export function runCommand<A extends unknown[]>(
  action: (...args: A) => Promise<number | undefined | void>,
): (...args: [...A, Command]) => Promise<void> {
  return async (...args) => {
    try {
      process.exitCode = (await action(...(args as unknown as A))) ?? 0;
    } catch (error) {
      process.stderr.write(`${errorText(error)}\n`);
      process.exitCode = exitCode(error);
    }
    // Node aborts where it cannot set back a terminal that is gone; the signal itself, not caught any more, has the same code.
    if (first === 'SIGHUP' && (process.stdin.isTTY || process.stderr.isTTY)) process.kill(process.pid, 'SIGHUP');
  };
}

// By name and not by class: this module is loaded before everything else and loads next to nothing.
function isOurs(error: unknown): boolean {
  return error instanceof Error && error.name === 'GlossaError';
}
