import type { Problem } from '../data/types.js';
import type { Finish, RolloutColumns } from '../engine/types.js';
import type { JsonValue, MetricsLine } from '../run/index.js';
import type { Metrics } from '../metrics/index.js';
import type { PromptSettings } from '../prompt/index.js';
import type { GradedCompletion, RewardValue } from '../reward/types.js';

/** A problem and how it is asked in one generation. */
export interface AskedProblem {
  /** What completions are graded and measured by; its question is what the prompt says. */
  problem: Problem;
  prompt: PromptSettings;
  /** What a lever has put into it. */
  hint?: string;
}

/** The rewards of a generation, one row a completion, one column a reward; null: not judged. */
export interface RewardTable {
  names: readonly string[];
  weights: readonly number[];
  rows: readonly (readonly RewardValue[])[];
}

/** A generation as the graders left it: rows in order (prompt, sample). */
export interface GradedGeneration {
  /** Optimizer steps made before it. */
  step: number;
  /** By `columns.promptIndex`. */
  problems: readonly Problem[];
  columns: RolloutColumns;
  texts: readonly string[];
  finish: readonly Finish[];
  graded: readonly GradedCompletion[];
  rewards: RewardTable;
  /** 0: the row carries no loss; it counts in advantages all the same, unless its rewards are null. */
  lossMask: Uint8Array;
}

/** What a lever makes of it; what it leaves out stays. `metrics` go into the line of the generation's first step. */
export interface Regraded {
  rewards?: RewardTable;
  lossMask?: Uint8Array;
  metrics?: Metrics;
}

/**
 * Something that steers a run from one generation to the next. Each call is a function of its arguments and of the lever's own
 * state, and of nothing else (no clock, no generator): then a resumed run does what the unbroken one did.
 */
export interface Lever {
  /** Names its state in a checkpoint. */
  readonly name: string;
  /** Before prompts are sampled, once for each drawing of them (dynamic sampling draws several times): how each is asked. */
  beforeGeneration?(asked: readonly AskedProblem[], step: number): readonly AskedProblem[];
  /** After a generation is graded, before advantages. */
  afterGrading?(generation: GradedGeneration): Regraded;
  /** After the generation's last optimizer step, with the lines of all its steps; changes the state. */
  afterGeneration?(lines: readonly MetricsLine[]): void;
  /** Where it has one. Asked for between generations. */
  state?(): JsonValue;
}
