import { noWordCounts, type Language, type WordCounts } from '../language/types.js';
import { FidelitySums, type FidelityCounts } from './fidelity_sums.js';
import type { Field } from './measures.js';
import { share, type Quotient } from './quotient.js';

/** What the sums need to know of one completion. */
export interface SummedCompletion {
  /** Of the prompt. */
  language: Language;
  /** null: not judged. */
  correct: boolean | null;
  /** By marked answers alone; null or absent: not judged so. */
  strict?: boolean | null;
  /** Whether its budget cut it off; null: not known. */
  clipped: boolean | null;
  words: WordCounts;
  /** Absent: not known, as in files of earlier versions. */
  fidelity?: FidelityCounts | undefined;
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
  #judgedStrictly = 0;
  #strict = 0;
  #ended = 0;
  #clipped = 0;
  readonly #fidelity = new FidelitySums();

  static of(completions: Iterable<SummedCompletion>): CompletionSums {
    const sums = new CompletionSums();
    for (const completion of completions) sums.add(completion);
    return sums;
  }

  add({ language, correct, strict = null, clipped, words, fidelity }: SummedCompletion): void {
    this.rows++;
    if (fidelity) this.#fidelity.add(words, fidelity);
    this.all.add(language, words);
    if (clipped !== null) this.#ended++;
    if (clipped === true) this.#clipped++;
    if (strict !== null) this.#judgedStrictly++;
    if (strict === true) this.#strict++;
    if (correct !== null) this.judged++;
    if (correct !== true) return;
    this.correct++;
    this.rewarded.add(language, words);
  }

  /** Accuracy by marked answers alone; null where nothing was judged so. */
  accuracyStrict(): number | null {
    return share([this.#strict, this.#judgedStrictly]);
  }

  /** null where there is nothing to divide by. */
  figures(): Figures {
    const quotients = Object.entries(this.quotients()) as [keyof Figures, Quotient][];
    return Object.fromEntries(quotients.map(([field, quotient]) => [field, share(quotient)])) as Figures;
  }

  /** EN WR of the reasoning. */
  reasoningEnglish(): number | null {
    return share(this.#fidelity.english());
  }

  /** What each figure is the quotient of. */
  quotients(): Record<keyof Figures, Quotient> {
    return {
      accuracy: [this.correct, this.judged],
      clipped_ratio: [this.#clipped, this.#ended],
      ...this.all.quotients(),
      target_wr_rewarded: this.rewarded.quotients().target_wr,
      ...this.#fidelity.quotients(),
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
    const { target_wr, en_wr, other_wr } = this.quotients();
    return { target_wr: share(target_wr), en_wr: share(en_wr), other_wr: share(other_wr) };
  }

  quotients(): Record<'target_wr' | 'en_wr' | 'other_wr', Quotient> {
    return {
      target_wr: [this.#target, this.#total],
      en_wr: [this.#english, this.#total],
      other_wr: [this.#neither, this.#total],
    };
  }
}
