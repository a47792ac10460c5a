/** One language of one suite at one step. Ratios are null where there are no words or nothing is right. */
export interface EvaluationRow {
  step: number;
  suite: string;
  language: string;
  /** Share of the judged completions that are right. */
  accuracy: number;
  /** Shares of all words of all completions; `_rewarded`: of the right completions. */
  target_wr: number | null;
  target_wr_rewarded: number | null;
  en_wr: number | null;
  other_wr: number | null;
  /** Completion tokens, the end token included. */
  mean_length: number;
  /** Share of the completions that the budget cut off. */
  clipped_ratio: number;
  /** Completions. */
  n: number;
}

/** eval/NNNNNN-<suite>.json: a row for each language of the suite. */
export interface EvaluationFile {
  step: number;
  suite: string;
  rows: EvaluationRow[];
}
