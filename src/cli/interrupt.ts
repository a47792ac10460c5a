import { noteSignal, type EndingSignal } from './errors.js';

const SIGNALS: readonly EndingSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Ctrl-C, SIGTERM, and SIGHUP (a terminal that was closed): the first finishes the step in progress, the second ends at once.
 * The exit code tells the first one's name. `restore` gives the signals back.
 */
export function onInterrupt(say: (text: string) => void): {
  stop: AbortSignal;
  abort: AbortSignal;
  restore: () => void;
} {
  const stop = new AbortController();
  const abort = new AbortController();
  const handle = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) {
      say('stopping now');
      abort.abort();
    } else {
      noteSignal(signal as EndingSignal);
      say('finishing the step, then saving; once more to stop at once');
      stop.abort();
    }
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return {
    stop: stop.signal,
    abort: abort.signal,
    restore: () => {
      for (const signal of SIGNALS) process.off(signal, handle);
    },
  };
}
