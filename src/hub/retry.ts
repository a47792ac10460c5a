import { setTimeout as sleep } from 'node:timers/promises';
import { GlossaError } from '../base/error.js';

/** Waiting and the time of day, apart so that a test need not wait. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const realClock: Clock = {
  now: () => Date.now(),
  sleep: async (milliseconds, signal) => {
    await sleep(milliseconds, undefined, { signal });
  },
};

/** A failure that may pass: a dropped connection, 429, 5xx. */
export class Transient extends Error {
  constructor(
    readonly code: 'HUB_UNREACHABLE' | 'HUB_BUSY',
    message: string,
    /** What the hub asked for, in milliseconds. */
    readonly wait?: number,
    /** Whether enough came before it failed that trying again has a prospect. */
    readonly progressed = false,
  ) {
    super(message);
  }
}

export interface RetryContext {
  clock: Clock;
  signal: AbortSignal;
  /** Told before each wait. */
  note: (message: string) => void;
}

/** Tries in a row without progress; waits of 0.5 s, 1 s, 2 s, 4 s between them, or what Retry-After asks. */
const TRIES = 5;
const FIRST_WAIT = 500;
/** A hub that asks for more is not waited for. */
const LONGEST_WAIT = 300_000;

/**
 * Does it again while it fails for the moment.
 *
 * @throws GlossaError HUB_UNREACHABLE, HUB_BUSY after the last try; ABORTED.
 */
export async function retrying<T>(task: () => Promise<T>, { clock, signal, note }: RetryContext): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      stopIfAborted(signal);
      return await task();
    } catch (error) {
      stopIfAborted(signal);
      if (!(error instanceof Transient)) throw error;
      if (error.progressed) failures = 1;
      const wait = error.wait ?? FIRST_WAIT * 2 ** (failures - 1);
      if (failures >= TRIES || wait > LONGEST_WAIT) {
        const asked = wait > LONGEST_WAIT ? `; it asks to wait ${String(Math.ceil(wait / 1000))} s` : '';
        throw new GlossaError(error.code, `${error.message} (tried ${times(failures)})${asked}`, {
          hint: adviceOf(error),
        });
      }
      note(`${error.message}; again in ${String(wait / 1000)} s`);
      await clock.sleep(wait, signal).catch(() => undefined);
    }
  }
}

/** @throws GlossaError ABORTED. */
export function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new GlossaError('ABORTED', 'stopped');
}

function times(count: number): string {
  return count === 1 ? 'once' : `${String(count)} times`;
}

function adviceOf({ code }: Transient): string {
  if (code === 'HUB_BUSY')
    return 'the same command goes on later with what has come; with HF_TOKEN set the hub allows more';
  const proxied = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((name) => process.env[name]);
  return proxied !== undefined && process.env['NODE_USE_ENV_PROXY'] !== '1'
    ? `${proxied} is set, but Node obeys it only with NODE_USE_ENV_PROXY=1 (Node 22.21, or 24.5 and above)`
    : 'look at the network and HF_ENDPOINT; the same command goes on with what has come';
}
