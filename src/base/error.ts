import type { ErrorCode } from './error_codes.js';

/** An error a user can act on: a stable code, what was given, what was expected, what to do next. */
export class GlossaError extends Error {
  override readonly name = 'GlossaError';
  /** Scripts may match on it. */
  readonly code: ErrorCode;
  /** What to type or change next; shown on its own line. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
