import type { AnswerMode } from '../answer/index.js';
import { tellSpan } from '../base/timeline.js';
import { GradingBatch, type Asked } from './asked.js';
import { gradeBuiltin, rewardInput, type JudgedCompletion } from './grade.js';
import type { GradingPool } from './thread_pool.js';
import type { GradedCompletion, RewardSettings, UngradedCompletion } from './types.js';
import type { ModuleVerdicts } from './verdicts.js';

/** Characters of a batch up to which it is graded on the calling thread: about 5 ms of work, less than waking threads up. */
const INLINE_CHARACTERS = 40_000;

/** What grades: threads for what is glossa's own, and users' functions. */
export interface GradingParts {
  rewards: readonly RewardSettings[];
  answer: AnswerMode;
  /** Undefined: there are no threads. */
  pool: GradingPool | undefined;
  verdicts: ModuleVerdicts;
  /** Rewards that are users' functions, and their places among `rewards`. */
  functions: readonly { asked: Asked; k: number }[];
}

/**
 * Grades the completions of one generation as they come. Functions that take them one by one are called at once, those of groups
 * when a group is whole, those of the batch at the end. Results do not depend on the order of coming.
 */
export class Grading {
  readonly #parts: GradingParts;
  readonly #samples: number;
  readonly #batch = new GradingBatch();
  readonly #inputs: UngradedCompletion[] = [];
  readonly #graded: GradedCompletion[] = [];
  /** Rows of groups whose functions were not called yet. */
  readonly #groups = new Map<number, number[]>();

  /** `samples`: completions of a whole group; where it is not known, groups are whole at the end. */
  constructor(parts: GradingParts, samples = Infinity) {
    this.#parts = parts;
    this.#samples = samples;
  }

  /** Grades completions; `rows` are their places in the generation. */
  async add(rows: readonly number[], inputs: readonly UngradedCompletion[]): Promise<void> {
    const graded = await this.#judge(inputs);
    const whole: number[][] = [];
    rows.forEach((row, i) => {
      this.#inputs[row] = inputs[i]!;
      this.#graded[row] = graded[i]!;
      const group = inputs[i]!.group ?? row;
      const members = this.#groups.get(group) ?? [];
      this.#groups.set(group, members);
      if (members.push(row) < this.#samples) return;
      this.#groups.delete(group);
      whole.push(members.sort((a, b) => a - b));
    });
    await Promise.all([
      this.#ask(
        'completion',
        rows.map((row) => [row]),
      ),
      this.#ask('group', whole),
    ]);
  }

  /** Does what waits for all completions, and gives all grades. What was added must be graded. */
  async rest(): Promise<GradedCompletion[]> {
    const groups = [...this.#groups.values()].map((rows) => rows.sort((a, b) => a - b));
    this.#groups.clear();
    const all = [...this.#graded.keys()];
    await Promise.all([this.#ask('group', groups), this.#ask('batch', all.length > 0 ? [all] : [])]);
    const names = this.#parts.rewards.map(({ name }) => name);
    // As they would come one after the other; a verifier's, which is no reward's, first.
    for (const { errors } of this.#graded) errors.sort((a, b) => names.indexOf(a.reward) - names.indexOf(b.reward));
    return this.#graded;
  }

  async #judge(given: readonly UngradedCompletion[]): Promise<GradedCompletion[]> {
    const { rewards, answer, pool, verdicts } = this.#parts;
    const judged = await verdicts.judge(given, this.#batch);
    const inputs = given.map(({ problem, completion, finish, thought }, i): JudgedCompletion => {
      // Columns and ids are for users' functions.
      const { row: _row, ...lean } = problem;
      const input = { problem: lean, completion, finish, ...(thought !== undefined && { thought }) };
      const verdict = judged[i];
      if (verdict === undefined) return input;
      const { correct, answer: found, strict } = verdict;
      return { ...input, verdict: { correct, answer: found, strict } };
    });
    const characters = inputs.reduce((sum, { completion }) => sum + completion.length, 0);
    const inline = pool === undefined || characters <= INLINE_CHARACTERS;
    const begin = performance.now();
    const graded = inline ? inputs.map((input) => gradeBuiltin(input, rewards, answer)) : await pool.grade(inputs);
    if (inline)
      tellSpan({
        ...{ track: 'grading, main thread', name: 'grade', begin, end: performance.now() },
        args: { completions: inputs.length },
      });
    judged.forEach((verdict, i) => {
      if (verdict?.error) graded[i]!.errors.push({ reward: given[i]!.problem.verifier!, ...verdict.error });
    });
    return graded;
  }

  /** Asks all functions of one kind about these rows, those of a call together. */
  async #ask(calls: Asked['calls'], rows: readonly (readonly number[])[]): Promise<void> {
    if (rows.length === 0) return;
    await Promise.all(
      this.#parts.functions.map(async ({ asked, k }) => {
        if (asked.calls !== calls) return;
        const reward = this.#parts.rewards[k]!;
        const input = (row: number) =>
          rewardInput(this.#inputs[row]!, this.#graded[row]!, { row, settings: reward.settings });
        const called = await asked.call(
          rows.map((call) => call.map(input)),
          this.#batch,
        );
        called.forEach((results, i) => {
          results.forEach((result, j) => {
            const { rewards, errors } = this.#graded[rows[i]![j]!]!;
            if ('value' in result) rewards[k] = result.value;
            else errors.push({ reward: reward.name, ...result.error });
          });
        });
      }),
    );
  }
}
