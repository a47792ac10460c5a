import { least } from '../base/extremes.js';

/** What stands before the first of the stop texts; undefined where none is in it. */
export function beforeStop(text: string, stop: readonly string[]): string | undefined {
  const at = stop.map((each) => text.indexOf(each)).filter((place) => place >= 0);
  return at.length === 0 ? undefined : text.slice(0, least(at));
}
