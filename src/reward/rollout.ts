import type { ThinkTags, Thought } from '../answer/index.js';
import { rowIds } from '../base/ragged.js';
import type { Problem } from '../data/types.js';
import { FINISH, type Completed, type Finish, type Ragged, type RolloutColumns } from '../engine/types.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { beforeStop } from './before_stop.js';
import type { Grader } from './grader.js';
import { thoughtOfPrompt } from './prompt_thought.js';
import type { GradedCompletion } from './types.js';

/** The completions of one generation as text, with their grades: rows in order (problem, sample). */
export interface GradedRollout {
  texts: string[];
  finish: Finish[];
  graded: GradedCompletion[];
  /** Rows that a stop text ended, ascending; their texts end before it. */
  cut: number[];
}

/** A problem as it is asked: the ids of its prompt. */
export interface Asked {
  problem: Problem;
  prompt: ArrayLike<number>;
}

/**
 * Grades one generation: every completion is decoded and graded once, as soon as the engine says that it has ended, while
 * others are still sampled, and the rest when all are there. What comes out is what grading all of them at the end gives: a
 * reward of groups sees whole ones, and results are put in the order of the rows.
 */
export class RolloutGrading {
  readonly #asked: readonly Asked[];
  readonly #samples: number;
  readonly #tokenizer: Tokenizer;
  readonly #step: number;
  readonly #stop: readonly string[];
  readonly #thinkTags: ((problem: Problem) => ThinkTags | undefined) | undefined;
  readonly #grading: ReturnType<Grader['begin']>;
  readonly #thoughts = new Map<number, Promise<Thought>>();
  readonly #texts: string[] = [];
  readonly #underway: Promise<void>[] = [];
  readonly #begun = new Set<number>();
  readonly #cut = new Set<number>();

  /**
   * `asked`: in the order of the request, `samples` completions each; `step`: optimizer steps that the model has made; `stop`:
   * texts before the first of which a completion ends; `thinkTags`: what the thought about a problem stands between, where that is the run's own.
   */
  constructor(
    asked: readonly Asked[],
    samples: number,
    {
      tokenizer,
      grader,
      step = 0,
      stop = [],
      thinkTags,
    }: {
      tokenizer: Tokenizer;
      grader: Grader;
      step?: number;
      stop?: readonly string[];
      thinkTags?: (problem: Problem) => ThinkTags | undefined;
    },
  ) {
    this.#asked = asked;
    this.#samples = samples;
    this.#tokenizer = tokenizer;
    this.#step = step;
    this.#stop = stop;
    this.#thinkTags = thinkTags;
    this.#grading = grader.begin(samples);
  }

  /** Begins to grade completions that have ended. What goes wrong is told by {@link rest}. */
  readonly add = ({ rows, completions, finish }: Completed): void => {
    const grading = this.#grade(Array.from(rows), completions, finish);
    grading.catch(() => undefined);
    this.#underway.push(grading);
  };

  /** Grades what is not graded yet of the whole generation, and gives all of it. */
  async rest(columns: RolloutColumns): Promise<GradedRollout> {
    const left = Array.from({ length: columns.rows }, (_, row) => row).filter((row) => !this.#begun.has(row));
    const { ids, offsets } = columns.completions;
    const lengths = left.map((row) => offsets[row + 1]! - offsets[row]!);
    const starts = Int32Array.from([0, ...lengths]);
    for (let i = 1; i < starts.length; i++) starts[i]! += starts[i - 1]!;
    const joined = new Int32Array(starts.at(-1)!);
    left.forEach((row, i) => {
      joined.set(ids.subarray(offsets[row], offsets[row + 1]), starts[i]);
    });
    const finish = Int8Array.from(left, (row) => columns.finish[row]!);
    this.#underway.push(this.#grade(left, { ids: joined, offsets: starts }, finish));
    await Promise.all(this.#underway);
    return {
      texts: this.#texts,
      finish: Array.from(columns.finish, (code, row) => (this.#cut.has(row) ? 'stop' : FINISH[code]!)),
      graded: await this.#grading.rest(),
      cut: [...this.#cut].sort((a, b) => a - b),
    };
  }

  async #grade(rows: readonly number[], completions: Ragged, finish: Int8Array): Promise<void> {
    for (const row of rows) this.#begun.add(row);
    if (rows.length === 0) return;
    const texts = await Promise.all(
      rows.map(async (row, i) => {
        const text = await this.#tokenizer.decode(rowIds(completions, i));
        const kept = beforeStop(text, this.#stop);
        if (kept !== undefined) this.#cut.add(row);
        return kept ?? text;
      }),
    );
    const inputs = await Promise.all(
      texts.map(async (completion, i) => {
        const row = rows[i]!;
        const group = Math.floor(row / this.#samples);
        return {
          problem: this.#asked[group]!.problem,
          completion,
          ids: rowIds(completions, i),
          finish: this.#cut.has(row) ? ('stop' as const) : FINISH[finish[i]!]!,
          thought: await this.#beginsThought(group),
          ...{ group, sample: row % this.#samples, step: this.#step },
        };
      }),
    );
    rows.forEach((row, i) => {
      this.#texts[row] = texts[i]!;
    });
    await this.#grading.add(rows, inputs);
  }

  #beginsThought(index: number): Promise<Thought> {
    let found = this.#thoughts.get(index);
    if (found === undefined) {
      const { problem, prompt } = this.#asked[index]!;
      const { question } = problem;
      found = thoughtOfPrompt(this.#tokenizer, { prompt, question }, this.#thinkTags?.(problem));
      this.#thoughts.set(index, found);
    }
    return found;
  }
}
