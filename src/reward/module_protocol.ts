import type { RewardInput } from './types.js';

/** What a module is for: a reward returns a number or null, a verifier true, false or null, which come as 1, 0 and null. */
export type ModuleKind = 'reward' | 'verifier';
/** What a module is called with; a verifier with what there is before a completion is judged. */
export type ModuleInput = RewardInput | Pick<RewardInput, 'problem' | 'completion' | 'finish'>;

/** What a module did with a completion: its value, or why there is none. */
export type Called = { value: number | null } | { error: CallError };
/** `message` ends with the place (file:line:column) where the module's own code is in the stack. */
export interface CallError {
  message: string;
  stack?: string | undefined;
}

/** To the process, one JSON object a line: once at the start, then rows to call the modules with. */
export interface Start {
  /** Comes back with every reply, so that nothing else that is written counts as one. */
  token: string;
  kind: ModuleKind;
  modules: readonly string[];
  memoryBytes: number;
}
export interface Task {
  rows: readonly ModuleInput[];
  /** Modules that are not called for the first row, for they were lost with it before. */
  skip: readonly number[];
}

/** From the process: of a task, one reply for each row and module that is called, in order. */
export type Reply = { token: string } & (
  | { kind: 'ready' }
  | { kind: 'unusable'; message: string; hint?: string | undefined; stack?: string | undefined }
  | { kind: 'called'; called: Called }
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
  let held = '';
  return (piece) => {
    held += piece;
    let from = 0;
    for (let at = held.indexOf('\n'); at >= 0; at = held.indexOf('\n', from)) {
      onLine(held.slice(from, at));
      from = at + 1;
    }
    held = held.slice(from);
    if (held.length <= longest) return;
    held = '';
    onLong();
  };
}
