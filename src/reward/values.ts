import type { Called } from './asked.js';
import type { ModuleKind } from './module/protocol.js';

/** How an error begins and ends: "returned ", " (words.mjs:3)". */
interface Frame {
  before: string;
  after: string;
}

const EXPECTED = { reward: 'a finite number (float32) or null', verifier: 'true, false or null' };

/** The value of one completion, or what is wrong with it; a verdict is 1, 0 or null. */
export function checkedValue(value: unknown, kind: ModuleKind, { before, after }: Frame, of = ''): Called {
  if (value === null) return { value };
  if (kind === 'verifier' && typeof value === 'boolean') return { value: Number(value) };
  if (kind === 'reward' && typeof value === 'number' && Number.isFinite(Math.fround(value))) return { value };
  return { error: { message: `${before}${shown(value)}${of}, expected ${EXPECTED[kind]}${adviceOf(value)}${after}` } };
}

/** The values of the completions of one call; where they are not one for each, that is the error of all. */
export function checkedValues(given: unknown, rows: number, frame: Frame): Called[] {
  const list = Array.isArray(given) || (ArrayBuffer.isView(given) && !(given instanceof DataView));
  const values = list ? Array.from(given as ArrayLike<unknown>) : undefined;
  if (values?.length === rows)
    return values.map((value, i) =>
      checkedValue(value, 'reward', frame, ` for completion ${String(i + 1)} of ${String(rows)}`),
    );
  const got = values === undefined ? shown(given) : `${String(values.length)} values`;
  const message = `${frame.before}${got} for ${String(rows)} completions, expected one value for each${frame.after}`;
  return Array.from({ length: rows }, () => ({ error: { message } }));
}

function adviceOf(value: unknown): string {
  if (isPromise(value)) return '; await it: `await Promise.all(...)`';
  return Array.isArray(value) ? "; a function of whole groups exports `calls = 'group'` beside it" : '';
}

const isPromise = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

function shown(value: unknown): string {
  if (isPromise(value)) return 'a promise';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 200));
  try {
    return Array.isArray(value) ? `an array of ${String(value.length)}` : String(value).slice(0, 200);
  } catch {
    return `a ${typeof value}`;
  }
}
