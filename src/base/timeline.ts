import { channel } from 'node:diagnostics_channel';

/** A piece of work that is over. */
export interface Span {
  /** Who did it: spans of one track follow each other or lie in each other. */
  track: string;
  name: string;
  /** Milliseconds of performance.now(). */
  begin: number;
  end: number;
  args?: Readonly<Record<string, number | string>>;
}

const spans = channel('glossa:span');

/** Tells what was done and when to whoever listens ({@link listen}); where nobody does, as in most runs, nothing happens. */
export function tellSpan(span: Span): void {
  if (spans.hasSubscribers) spans.publish(span);
}

/** Does something and tells how long it took, also where it fails. */
export async function timed<T>(
  { track, name, args }: Pick<Span, 'track' | 'name' | 'args'>,
  work: () => Promise<T>,
): Promise<T> {
  const begin = performance.now();
  try {
    return await work();
  } finally {
    tellSpan({ track, name, begin, end: performance.now(), ...(args && { args }) });
  }
}

/** @returns what ends the listening. */
export function listen(hear: (span: Span) => void): () => void {
  const heard = (message: unknown) => {
    hear(message as Span);
  };
  spans.subscribe(heard);
  return () => spans.unsubscribe(heard);
}
