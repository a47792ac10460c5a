import type { Finish } from '../engine/types.js';
import { LANGUAGES, type Language, type WordCounts } from '../language/index.js';
import { CompletionSums, type Figures } from '../metrics/index.js';
import type { GradedCompletion } from '../reward/index.js';
import { fidelityCells, fidelityOfRow, type FidelityCells } from '../rollout/index.js';
import type { GivenCompletion, Origin } from './completion.js';

/** Verdict and language of one completion, as printed; first what the row says it is about. */
export interface Score extends Origin, FidelityCells {
  lang: Language;
  /** null: no gold answer, or one that the verifier cannot judge by. */
  correct: boolean | null;
  /** The same by marked answers alone; null too where a module judges. */
  correct_strict: boolean | null;
  /** The final answer found in the completion, as text; null where there is none. */
  answer: string | null;
  /** How the completion ended; null where the row does not say. */
  finish: Finish | null;
  /** Shares of the completion's words; null where it has none. */
  target_wr: number | null;
  en_wr: number | null;
  /** Of the reasoning's words that are counted; null where none is. */
  target_wr_reasoning: number | null;
  words: WordCounts;
}

/** Shares are null where there is nothing to divide by; `clipped_ratio` is of the rows that say how they ended. */
export interface Totals extends Figures {
  rows: number;
  judged: number;
  correct: number;
  /** By marked answers alone. */
  accuracy_strict: number | null;
  words: WordCounts;
}

export function scoreOf(
  { origin, language: lang, finish }: Pick<GivenCompletion, 'language' | 'finish'> & { origin?: Origin },
  { correct, strict, answer, language }: Pick<GradedCompletion, 'correct' | 'strict' | 'answer' | 'language'>,
): Score {
  return {
    ...origin,
    lang,
    correct,
    correct_strict: strict,
    answer,
    finish: finish ?? null,
    target_wr: language.targetWr,
    en_wr: language.enWr,
    target_wr_reasoning: language.fidelity.targetWr,
    ...fidelityCells(language.fidelity),
    words: language.words,
  };
}

/** Sums scores one by one, in all and by language. */
export class ScoreTotals {
  readonly #all = new CompletionSums();
  readonly #byLanguage = new Map<Language, CompletionSums>();

  add(score: Score): void {
    const { lang: language, correct, correct_strict: strict, finish, words } = score;
    const clipped = finish === null ? null : finish === 'length';
    const completion = { language, correct, strict, clipped, words, fidelity: fidelityOfRow(score) };
    this.#all.add(completion);
    let sums = this.#byLanguage.get(language);
    if (sums === undefined) this.#byLanguage.set(language, (sums = new CompletionSums()));
    sums.add(completion);
  }

  all(): Totals {
    return totals(this.#all);
  }

  /** In the order of LANGUAGES. */
  byLanguage(): Partial<Record<Language, Totals>> {
    return Object.fromEntries(
      LANGUAGES.flatMap((language) => {
        const sums = this.#byLanguage.get(language);
        return sums === undefined ? [] : [[language, totals(sums)]];
      }),
    );
  }
}

function totals(sums: CompletionSums): Totals {
  const { rows, judged, correct, all } = sums;
  return { rows, judged, correct, ...sums.figures(), accuracy_strict: sums.accuracyStrict(), words: { ...all.words } };
}
