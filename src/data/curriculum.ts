import { GlossaError } from '../base/error.js';
import { poolWeight, type Pool } from './pools.js';

/** How prompts and optimizer steps go together: each generation takes `prompts` prompts and is used for `steps` steps. */
export interface Pace {
  prompts: number;
  steps: number;
  /** Into how many equal parts the prompts are cut, one a step. Default 1. */
  parts?: number;
  /** Of the run; a schedule is checked up to there. */
  maxSteps: number;
}

/** Where a draw comes from: a pool, and how many times it was drawn from before. */
export interface Draw {
  pool: number;
  draw: number;
}

/**
 * Which pool each draw is from, where weights change with the step: by counter, too. Draw i belongs to generation
 * floor(i / prompts), and its weights are those of the steps made by then. A pool of n problems and weight w is due n w / (sum of
 * all n w) of each draw; the draw goes to the pool that most is due to, of two alike to the first, and never to one of weight 0.
 * So a pool is drawn as often as the sum of what was due to it says, up to whole problems, in each step and over all.
 */
export class Curriculum {
  private next = 0;
  private generation = -1;
  private shares: readonly number[] = [];
  private due: number[] = [];
  private drawn: number[] = [];

  constructor(
    private readonly pools: readonly Pool[],
    private readonly pace: Pace,
  ) {
    this.restart();
  }

  /** Draws are asked for in order as a rule: others are counted through from the first. */
  at(index: number): Draw {
    if (index < this.next) this.restart();
    while (this.next < index) this.take();
    return this.take();
  }

  private restart(): void {
    this.next = 0;
    this.generation = -1;
    this.due = this.pools.map(() => 0);
    this.drawn = this.pools.map(() => 0);
  }

  private take(): Draw {
    const generation = Math.floor(this.next / this.pace.prompts);
    if (generation !== this.generation) {
      this.generation = generation;
      const step = generation * this.pace.steps;
      // Who draws more prompts than the steps need gets behind what was checked; what held there last goes on.
      const dry = step >= this.pace.maxSteps && sumOf(dueAt(this.pools, step)) === 0;
      if (!dry) this.shares = sharesAt(this.pools, step);
    }
    let pool = -1;
    for (const [p, share] of this.shares.entries()) {
      this.due[p]! += share;
      if (share > 0 && (pool < 0 || this.due[p]! > this.due[pool]!)) pool = p;
    }
    this.due[pool]! -= 1;
    this.next++;
    return { pool, draw: this.drawn[pool]!++ };
  }
}

/**
 * Looks through all steps of a run.
 *
 * @throws GlossaError DATA_DRY naming the first step at which there is nothing to draw.
 */
export function refuseDry(pools: readonly Pool[], { steps, maxSteps }: Pace): void {
  for (let step = 0; step < maxSteps; step += steps) sharesAt(pools, step);
}

const dueAt = (pools: readonly Pool[], step: number): number[] =>
  pools.map((pool) => poolWeight(pool, step) * pool.problems.length);
const sumOf = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** What is due to each pool of a draw; they sum to 1. */
function sharesAt(pools: readonly Pool[], step: number): number[] {
  const due = dueAt(pools, step);
  const sum = sumOf(due);
  if (sum > 0) return due.map((each) => each / sum);
  throw new GlossaError(
    'DATA_DRY',
    `no problem can be drawn when ${step} steps have been made: the weights there are 0 of ${pools.map(({ name }) => name).join(', ')}`,
    { hint: 'let a set or level keep a weight above 0 at every step up to grpo.max_steps' },
  );
}
