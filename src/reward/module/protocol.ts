import type { Called, CallError, FunctionInput } from '../asked.js';
import type { RewardCalls } from '../types.js';

/** What a module is for: a reward returns a number or null, a verifier true, false or null, which come as 1, 0 and null. */
export type ModuleKind = 'reward' | 'verifier';

/** To the process, one JSON object a line: once at the start, then calls to make. */
export interface Start {
  /** Comes back with every reply, so that nothing else that is written counts as one. */
  token: string;
  kind: ModuleKind;
  module: string;
  memoryBytes: number;
}
/** Rows of each call; one, where the module takes completions one by one. */
export interface Task {
  calls: readonly (readonly FunctionInput[])[];
}

/** From the process: of a task, one reply for each call, in order. */
export type Reply = { token: string } & (
  | { kind: 'ready'; calls: RewardCalls }
  | { kind: 'unusable'; message: string; hint?: string | undefined; stack?: string | undefined }
  /** One for each row of the call. */
  | { kind: 'called'; called: Called[] }
  /** The process is about to end by itself. */
  | { kind: 'crashed'; error: CallError }
  | { kind: 'memory'; bytes: number }
);

/** Lines of text from pieces of it; a line longer than `longest` (default: none is) ends the reading with `onLong`. */
export function lineReader(
  onLine: (line: string) => void,
  longest = Infinity,
  onLong: () => void = () => undefined,
): (piece: string) => void {
  let held: string[] = [];
  let length = 0;
  return (piece) => {
    let from = 0;
    for (let at = piece.indexOf('\n'); at >= 0; at = piece.indexOf('\n', from)) {
      onLine(held.join('') + piece.slice(from, at));
      held = [];
      length = 0;
      from = at + 1;
    }
    held.push(piece.slice(from));
    length += piece.length - from;
    if (length <= longest) return;
    held = [];
    length = 0;
    onLong();
  };
}
