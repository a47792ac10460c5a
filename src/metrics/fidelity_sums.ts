import type { Fidelity, WordCounts } from '../language/types.js';
import type { Quotient } from './quotient.js';

/** The counts of {@link Fidelity}: what files keep of it. */
export type FidelityCounts = Omit<Fidelity, 'targetWr'>;

/** Sums of what tells reasoning from words that are only there to be counted. */
export class FidelitySums {
  #completions = 0;
  #words = 0;
  readonly #counts: FidelityCounts = {
    ...{ reasoning: 0, target: 0, english: 0 },
    ...{ afterAnswer: 0, repeated: 0, copied: 0, hidden: 0 },
  };

  add(words: WordCounts, fidelity: FidelityCounts): void {
    this.#completions++;
    for (const count of Object.values(words)) this.#words += count;
    for (const name of Object.keys(this.#counts) as (keyof FidelityCounts)[]) this.#counts[name] += fidelity[name];
  }

  english(): Quotient {
    return [this.#counts.english, this.#counts.reasoning];
  }

  quotients(): Record<'target_wr_reasoning' | 'words_after_answer' | 'repetition' | 'copied' | 'in_markup', Quotient> {
    const { reasoning, target, afterAnswer, repeated, copied, hidden } = this.#counts;
    return {
      target_wr_reasoning: [target, reasoning],
      words_after_answer: [afterAnswer, this.#completions],
      repetition: [repeated, this.#words],
      copied: [copied, this.#words - afterAnswer],
      in_markup: [hidden, this.#words + hidden],
    };
  }
}
