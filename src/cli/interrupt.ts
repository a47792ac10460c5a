/**
 * Ctrl-C (and SIGTERM): the first finishes the step in progress, the second ends at once. `restore` gives the signals back.
 */
export function onInterrupt(say: (text: string) => void): {
  stop: AbortSignal;
  abort: AbortSignal;
  restore: () => void;
} {
  const stop = new AbortController();
  const abort = new AbortController();
  const handle = () => {
    if (stop.signal.aborted) {
      say('stopping now');
      abort.abort();
    } else {
      say('finishing the step, then saving; once more to stop at once');
      stop.abort();
    }
  };
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    stop: stop.signal,
    abort: abort.signal,
    restore: () => {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}
