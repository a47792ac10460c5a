import type { Command } from 'commander';

/** Exit codes: 1 for a failure, 2 for a command line or config that cannot be meant, 130 for Ctrl-C. */
export const EXIT = { failure: 1, usage: 2, interrupted: 130 } as const;

/** `error CODE: message` and what to do next. */
export function errorText(error: unknown): string {
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
  if (code === 'ABORTED') return EXIT.interrupted;
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
  };
}

// By name and not by class: this module is loaded before everything else and loads nothing.
function isOurs(error: unknown): boolean {
  return error instanceof Error && error.name === 'GlossaError';
}
