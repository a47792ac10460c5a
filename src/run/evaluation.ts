import { z } from 'zod';
import type { AtK, Interval, RewardFigure } from '../metrics/index.js';

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
  /** How far the words can be believed (docs/language.md, "Fidelity"); absent in files of earlier versions. */
  target_wr_reasoning?: number | null;
  words_after_answer?: number | null;
  repetition?: number | null;
  copied?: number | null;
  in_markup?: number | null;
  /** Completion tokens, the end token included. */
  mean_length: number;
  /** Share of the completions that the budget cut off. */
  clipped_ratio: number;
  /** Completions. */
  n: number;
  /** Completions whose problem has an answer that can be judged; absent in files of earlier versions. */
  judged?: number;
  /** This and what follows is absent in files of earlier versions. */
  problems?: number;
  /** Completions a problem. */
  samples?: number;
  /** 0: greedy. */
  temperature?: number;
  /** Where there are several completions a problem: pass@k for powers of 2 and all of them, avg@k and maj@k of all. */
  [atK: AtK]: number | null | undefined;
  /** Problems whose most frequent answer is not one alone. */
  maj_ties?: number;
  /** Of 95 %, by the names of the figures; what has none is left out. */
  intervals?: Record<string, Interval>;
  /** By name, unweighted, where the completions were given rewards. */
  rewards?: Record<string, RewardFigure>;
}

/** The names of a row's figures of k completions, in order. */
export function atKs(row: EvaluationRow): AtK[] {
  return Object.keys(row).filter((name): name is AtK => /^(?:pass|avg|maj)@\d+$/.test(name));
}

/** Whether the accuracy by marked answers alone is another one than the accuracy. */
export function differsStrictly({ accuracy, accuracy_strict: strict }: EvaluationRow): boolean {
  return strict !== undefined && strict !== null && strict !== accuracy;
}

/** eval/NNNNNN-<suite>.json: a row for each language of the suite. */
export interface EvaluationFile {
  step: number;
  suite: string;
  rows: EvaluationRow[];
}

const ratio = z.number().nullable();
const count = z.int().min(0);

const named = z.looseObject({
  step: count,
  suite: z.string(),
  file: z.string().exactOptional(),
  language: z.string(),
  accuracy: ratio,
  accuracy_strict: ratio.exactOptional(),
  target_wr: ratio,
  target_wr_rewarded: ratio,
  en_wr: ratio,
  other_wr: ratio,
  target_wr_reasoning: ratio.exactOptional(),
  words_after_answer: ratio.exactOptional(),
  repetition: ratio.exactOptional(),
  copied: ratio.exactOptional(),
  in_markup: ratio.exactOptional(),
  mean_length: z.number(),
  clipped_ratio: z.number(),
  n: count,
  judged: count.exactOptional(),
  problems: count.exactOptional(),
  samples: count.exactOptional(),
  temperature: z.number().exactOptional(),
  maj_ties: count.exactOptional(),
  intervals: z.record(z.string(), z.tuple([z.number(), z.number()])).exactOptional(),
  rewards: z.record(z.string(), z.object({ mean: ratio, std: ratio, judged: count })).exactOptional(),
});

/** Figures of k completions, whichever k there are; a type of zod has no names of a pattern. */
const hasAtKs = (row: object): row is EvaluationRow =>
  atKs(row as EvaluationRow).every((name) => ratio.safeParse((row as EvaluationRow)[name]).success);

export const evaluationSchema: z.ZodType<EvaluationFile> = z.looseObject({
  step: count,
  suite: z.string(),
  rows: z.array(named.refine(hasAtKs, 'expected numbers or null at each k')),
});
