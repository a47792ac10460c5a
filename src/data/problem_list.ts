import { SpilledProblems } from './spilled.js';
import type { Problem, Problems } from './types.js';

/** Characters of problems that are held in memory; beyond, all of them lie in a file. */
export const MOST_HELD = 32 * 2 ** 20;

/** Problems as they are added: an array, until they are `most` characters. */
export class ProblemList implements Problems {
  private held: Problem[] = [];
  private spilled: SpilledProblems | undefined;
  private characters = 0;

  constructor(private readonly most: number) {}

  add(problem: Problem): void {
    if (this.spilled) {
      this.spilled.add(problem);
      return;
    }
    this.held.push(problem);
    this.characters += sizeOf(problem);
    if (this.characters <= this.most) return;
    this.spilled = new SpilledProblems();
    for (const one of this.held) this.spilled.add(one);
    this.held = [];
  }

  /** What was added, as an array where it is one. */
  get list(): Problem[] | SpilledProblems {
    return this.spilled ?? this.held;
  }
  get length(): number {
    return this.list.length;
  }
  at(index: number): Problem | undefined {
    return this.list.at(index);
  }
  [Symbol.iterator](): Iterator<Problem> {
    return this.list[Symbol.iterator]();
  }
}

/** Texts, and about 100 characters for what a problem is itself. */
function sizeOf({ id, question, answer, solution = '', messages, row }: Problem): number {
  const texts = id.length + question.length + answer.length + solution.length;
  const more = row ? JSON.stringify(row).length : messages ? 2 * question.length : 0;
  return 100 + texts + more;
}
