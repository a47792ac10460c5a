import { LANGUAGES, noWordCounts, type Language, type WordCounts } from '../language/index.js';
import type { Finish } from '../engine/types.js';
import type { GradedCompletion } from '../reward/index.js';
import type { GivenCompletion, Origin } from './completion.js';

/** Verdict and language of one completion, as printed; first what the row says it is about. */
export interface Score extends Origin {
  lang: Language;
  /** null: no gold answer, or one that is not a number. */
  correct: boolean | null;
  /** The final answer found in the completion, as text; null where there is none. */
  answer: string | null;
  /** How the completion ended; null where the row does not say. */
  finish: Finish | null;
  /** Shares of the completion's words; null where it has none. */
  target_wr: number | null;
  en_wr: number | null;
  words: WordCounts;
}

export interface Totals {
  rows: number;
  judged: number;
  correct: number;
  /** Of the judged; null where none was. */
  accuracy: number | null;
  /** Share of completions cut off by their budget, of those that say how they ended; null where none does. */
  clipped_ratio: number | null;
  /** Over all words of all completions; null without words. */
  target_wr: number | null;
  en_wr: number | null;
  other_wr: number | null;
  /** The target's share over the completions that are right. */
  target_wr_rewarded: number | null;
  words: WordCounts;
}

export function scoreOf(
  { origin, language: lang, finish }: Pick<GivenCompletion, 'language' | 'finish'> & { origin?: Origin },
  { correct, answer, language }: Pick<GradedCompletion, 'correct' | 'answer' | 'language'>,
): Score {
  return {
    ...origin,
    lang,
    correct,
    answer,
    finish: finish ?? null,
    target_wr: language.targetWr,
    en_wr: language.enWr,
    words: language.words,
  };
}

/** Sums scores one by one, in all and by language. */
export class ScoreTotals {
  readonly #all = new Sums();
  readonly #byLanguage = new Map<Language, Sums>();

  add(score: Score): void {
    this.#all.add(score);
    let sums = this.#byLanguage.get(score.lang);
    if (sums === undefined) this.#byLanguage.set(score.lang, (sums = new Sums()));
    sums.add(score);
  }

  all(): Totals {
    return this.#all.totals();
  }

  /** In the order of LANGUAGES. */
  byLanguage(): Partial<Record<Language, Totals>> {
    return Object.fromEntries(
      LANGUAGES.flatMap((language) => {
        const sums = this.#byLanguage.get(language);
        return sums === undefined ? [] : [[language, sums.totals()]];
      }),
    );
  }
}

class Sums {
  readonly #words = noWordCounts();
  #rows = 0;
  #judged = 0;
  #correct = 0;
  #ended = 0;
  #clipped = 0;
  #total = 0;
  #target = 0;
  #neither = 0;
  #rewardedTotal = 0;
  #rewardedTarget = 0;

  add({ lang, correct, finish, words }: Score): void {
    let total = 0;
    for (const [language, count] of Object.entries(words) as [keyof WordCounts, number][]) {
      this.#words[language] += count;
      total += count;
    }
    this.#rows++;
    if (finish !== null) this.#ended++;
    if (finish === 'length') this.#clipped++;
    this.#total += total;
    this.#target += words[lang];
    this.#neither += total - words[lang] - (lang === 'en' ? 0 : words.en);
    if (correct !== null) this.#judged++;
    if (correct !== true) return;
    this.#correct++;
    this.#rewardedTotal += total;
    this.#rewardedTarget += words[lang];
  }

  totals(): Totals {
    const share = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
    return {
      rows: this.#rows,
      judged: this.#judged,
      correct: this.#correct,
      accuracy: share(this.#correct, this.#judged),
      clipped_ratio: share(this.#clipped, this.#ended),
      target_wr: share(this.#target, this.#total),
      en_wr: share(this.#words.en, this.#total),
      other_wr: share(this.#neither, this.#total),
      target_wr_rewarded: share(this.#rewardedTarget, this.#rewardedTotal),
      words: { ...this.#words },
    };
  }
}
