import type { RewardCalls, RewardInput, VerifierInput } from './types.js';

/** What a user's function is called with; a verifier with what there is before a completion is judged. */
export type FunctionInput = RewardInput | VerifierInput;

/** What a function said of a completion: its value, or why there is none. */
export type Called = { value: number | null } | { error: CallError };
/** `message` ends with the place (file:line:column) where the user's own code is in the stack. */
export interface CallError {
  message: string;
  stack?: string | undefined;
}

/** Users' functions outside this process: a module in processes of its own, or a service. */
export interface Asked {
  /** What one call is about. */
  readonly calls: RewardCalls;
  /**
   * Makes calls, and gives what each said of each of its rows. Never rejects for what the function does. Calls of one `batch`
   * share what it may cost.
   */
  call(calls: readonly (readonly FunctionInput[])[], batch: GradingBatch): Promise<Called[][]>;
  /** Errors: GRADER_CLOSED of calls under way. */
  close(): Promise<void>;
}

/** What the calls of one batch have cost so far, and the last thing that cost something. */
export interface BatchCost {
  cost: number;
  last: string;
}

/** Calls that belong together, of one generation; a function that costs too much is given up for the rest of them. */
export class GradingBatch {
  readonly #costs = new Map<Asked, BatchCost>();

  of(asked: Asked): BatchCost {
    let costs = this.#costs.get(asked);
    if (costs === undefined) this.#costs.set(asked, (costs = { cost: 0, last: '' }));
    return costs;
  }
}

/** The same error of every row of a call. */
export function failedCall(rows: readonly unknown[], error: CallError): Called[] {
  return rows.map(() => ({ error }));
}
