import { noWordCounts, type Language, type WordCounts } from '../language/types.js';
import type { Field } from './measures.js';

/** What the sums need to know of one completion. */
export interface SummedCompletion {
  /** Of the prompt. */
  language: Language;
  /** null: not judged. */
  correct: boolean | null;
  /** Whether its budget cut it off; null: not known. */
  clipped: boolean | null;
  words: WordCounts;
}

/** What is a share of sums over completions; the rewarded other shares have no field of their own. */
export type Figures = Record<Exclude<Field, 'mean_length'>, number | null>;

/** Sums of completions, one by one: training, evaluation and `score` have their figures from here, each defined once. */
export class CompletionSums {
  /** Over all words of all completions. */
  readonly all = new WordSums();
  /** Over the right ones. */
  readonly rewarded = new WordSums();
  rows = 0;
  judged = 0;
  correct = 0;
  #ended = 0;
  #clipped = 0;

  static of(completions: Iterable<SummedCompletion>): CompletionSums {
    const sums = new CompletionSums();
    for (const completion of completions) sums.add(completion);
    return sums;
  }

  add({ language, correct, clipped, words }: SummedCompletion): void {
    this.rows++;
    this.all.add(language, words);
    if (clipped !== null) this.#ended++;
    if (clipped === true) this.#clipped++;
    if (correct !== null) this.judged++;
    if (correct !== true) return;
    this.correct++;
    this.rewarded.add(language, words);
  }

  /** null where there is nothing to divide by. */
  figures(): Figures {
    return {
      accuracy: share(this.correct, this.judged),
      clipped_ratio: share(this.#clipped, this.#ended),
      ...this.all.shares(),
      target_wr_rewarded: this.rewarded.shares().target_wr,
    };
  }
}

/** Sums of words, those of long completions counting for more. */
export class WordSums {
  readonly words = noWordCounts();
  #total = 0;
  #target = 0;
  #english = 0;
  #neither = 0;

  add(language: Language, words: WordCounts): void {
    let total = 0;
    for (const [each, count] of Object.entries(words) as [keyof WordCounts, number][]) {
      this.words[each] += count;
      total += count;
    }
    this.#total += total;
    this.#target += words[language];
    this.#english += words.en;
    this.#neither += total - words[language] - (language === 'en' ? 0 : words.en);
  }

  /** In the prompt's language, in English, in neither. */
  shares(): Record<'target_wr' | 'en_wr' | 'other_wr', number | null> {
    return {
      target_wr: share(this.#target, this.#total),
      en_wr: share(this.#english, this.#total),
      other_wr: share(this.#neither, this.#total),
    };
  }
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
