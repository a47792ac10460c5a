import type { Schedule } from '../base/schedule.js';
import type { Thought } from '../answer/index.js';
import type { LanguageMeasure } from '../language/types.js';
import type { Problem } from '../data/types.js';
import type { Finish } from '../engine/types.js';

/** What the config has as `settings` of a reward: plain data. */
export type RewardSettingsData = Readonly<Record<string, unknown>>;

/** What a reward function is given of one completion. */
export interface RewardInput {
  /** With `row`, every column of its row in the file. */
  problem: Problem;
  /** As text, its thought included, special tokens left out. */
  completion: string;
  /** As ids, the end token among them; empty where they are not known (`npx glossa score` of text). */
  ids: readonly number[];
  finish: Finish;
  /** The final answer found in the completion, as text; null where there is none. */
  answer: string | null;
  /** Whether it is right; null where the verifier cannot judge by the gold answer. */
  correct: boolean | null;
  language: LanguageMeasure;
  /** The completions of one problem in one generation share a number; from 0. */
  group: number;
  /** Place of the completion in its group, from 0. */
  sample: number;
  /** Optimizer steps that the model had made when it wrote the completion; 0 where that is not known. */
  step: number;
  /** Of this reward in the config; empty where it has none. */
  settings: RewardSettingsData;
}

/** A number that float32 holds, or null for "not judged". */
export type RewardValue = number | null;

/**
 * A reward of one completion. A throw, or anything else than a {@link RewardValue}, is counted as an error, shown, and treated
 * as not judged; it is never a zero.
 */
export type RewardFunction = (input: RewardInput) => RewardValue | Promise<RewardValue>;

/**
 * Rewards of a whole group, in the order of `sample`, or of a whole generation: one value for each input, in their order. Its
 * module exports `calls`: `'group'` or `'batch'`.
 */
export type GroupRewardFunction = (
  inputs: readonly RewardInput[],
) => readonly RewardValue[] | Promise<readonly RewardValue[]>;

/** What a reward function is called with: a completion, the completions of a problem, or all of a generation. */
export const REWARD_CALLS = ['completion', 'group', 'batch'] as const;
export type RewardCalls = (typeof REWARD_CALLS)[number];

/** What a verifier is given: what there is before a completion is judged. */
export type VerifierInput = Pick<RewardInput, 'problem' | 'completion' | 'finish'>;

/** Whether a completion is right; null for "not judged". A throw is counted as an error, shown, and treated as not judged. */
export type VerifierFunction = (input: VerifierInput) => boolean | null | Promise<boolean | null>;

/** A completion before it is judged and measured. */
export type UngradedCompletion = VerifierInput &
  Partial<Pick<RewardInput, 'sample' | 'step'>> & {
    /** Default: none are known. */
    ids?: ArrayLike<number>;
    /** Default: the completion is a group of its own. */
    group?: number;
    /** The prompt had begun the thought that the completion goes on with. Default false. */
    thought?: Thought | undefined;
  };

/** A reward, as the config has it. */
export interface RewardSettings {
  /** One of BUILTIN_REWARDS, a module's path, or a name of its own. */
  name: string;
  /** In the sum: a number, or a schedule over the steps. */
  weight: number | Schedule;
  /** Of language_threshold: Target WR from which 1 is paid. Default 0.9. */
  threshold?: number | undefined;
  /** Path of a module; relative to the working directory. */
  module?: string | undefined;
  /** Of an HTTP service. */
  url?: string | undefined;
  /** Handed to the function; plain data. */
  settings?: RewardSettingsData | undefined;
  /** Seconds that a call of the module, or a request, may take. Default 10; of a service 30. */
  timeout?: number | undefined;
  /** MB that a process of the module may take, inside the JavaScript heap and outside. Default 2048. */
  memory?: number | undefined;
  /** Of a service: what a request is about; a module exports it. Default completion. */
  calls?: RewardCalls | undefined;
  /** Completions a request at most, where `calls` is completion. Default 32. */
  batch_size?: number | undefined;
  /** Further tries of a request. Default 2. */
  retries?: number | undefined;
  /** Of every request; `${NAME}` is the environment's. */
  headers?: Readonly<Record<string, string>> | undefined;
}

export interface GradedCompletion {
  /** Whether the answer is right; null: not judged, for the verifier cannot judge by the gold answer. */
  correct: boolean | null;
  /** The final answer found in the completion, as text; null where there is none. */
  answer: string | null;
  /** Whether it is right by marked answers alone, whichever answers count; null: not judged, or by a module. */
  strict: boolean | null;
  /** One per configured reward, unweighted. */
  rewards: RewardValue[];
  /** Of users' functions: the reward's name or the verifier's path, what a call ended in, with file, line and column where they are known, and the stack. */
  errors: { reward: string; message: string; stack?: string | undefined }[];
  language: LanguageMeasure;
  /** The prompt had begun a thought, and the completion does not end it. */
  unclosed?: true;
}
