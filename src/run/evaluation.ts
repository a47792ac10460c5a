import { z } from 'zod';

/** One language of one suite at one step. Ratios are null where there are no words or nothing is right. */
export interface EvaluationRow {
  step: number;
  suite: string;
  /** That its problems were read from; absent in files of earlier versions. */
  file?: string;
  language: string;
  /** Share of the judged completions that are right; null where none was judged. */
  accuracy: number | null;
  /** The same by marked answers alone, whichever answers count; absent in files of earlier versions. */
  accuracy_strict?: number | null;
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
  /** Completions whose problem has an answer that can be judged; absent in files of earlier versions. */
  judged?: number;
}

/** eval/NNNNNN-<suite>.json: a row for each language of the suite. */
export interface EvaluationFile {
  step: number;
  suite: string;
  rows: EvaluationRow[];
}

const ratio = z.number().nullable();

export const evaluationSchema: z.ZodType<EvaluationFile> = z.looseObject({
  step: z.int().min(0),
  suite: z.string(),
  rows: z.array(
    z.looseObject({
      step: z.int().min(0),
      suite: z.string(),
      file: z.string().exactOptional(),
      language: z.string(),
      accuracy: ratio,
      accuracy_strict: ratio.exactOptional(),
      target_wr: ratio,
      target_wr_rewarded: ratio,
      en_wr: ratio,
      other_wr: ratio,
      mean_length: z.number(),
      clipped_ratio: z.number(),
      n: z.int().min(0),
      judged: z.int().min(0).exactOptional(),
    }),
  ),
});
