import type { Finish } from '../engine/types.js';
import { LANGUAGES, type Language, type WordCounts } from '../language/index.js';
import { CompletionSums, RewardSums, type Figures, type RewardFigure } from '../metrics/index.js';
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
  /** By name, unweighted, where rewards were asked for; null: not judged. */
  rewards?: Record<string, number | null>;
}

/** Shares are null where there is nothing to divide by; `clipped_ratio` is of the rows that say how they ended. */
export interface Totals extends Figures {
  rows: number;
  judged: number;
  correct: number;
  /** By marked answers alone. */
  accuracy_strict: number | null;
  words: WordCounts;
  /** By name, where rewards were asked for. */
  rewards?: Record<string, RewardFigure>;
}

export function scoreOf(
  { origin, language: lang, finish }: Pick<GivenCompletion, 'language' | 'finish'> & { origin?: Origin },
  {
    correct,
    strict,
    answer,
    language,
    rewards = [],
  }: Omit<GradedCompletion, 'errors' | 'rewards'> & Partial<Pick<GradedCompletion, 'rewards'>>,
  names: readonly string[] = [],
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
    ...(names.length > 0 && { rewards: Object.fromEntries(names.map((name, k) => [name, rewards[k] ?? null])) }),
  };
}

/** Sums scores one by one, in all and by language. */
export class ScoreTotals {
  readonly #all = new CompletionSums();
  readonly #byLanguage = new Map<Language, CompletionSums>();
  readonly #rewards = new Map<Language | 'all', RewardSums>();

  add(score: Score): void {
    const { lang: language, correct, correct_strict: strict, finish, words, rewards } = score;
    const clipped = finish === null ? null : finish === 'length';
    const completion = { language, correct, strict, clipped, words, fidelity: fidelityOfRow(score) };
    this.#all.add(completion);
    let sums = this.#byLanguage.get(language);
    if (sums === undefined) this.#byLanguage.set(language, (sums = new CompletionSums()));
    sums.add(completion);
    if (rewards === undefined) return;
    for (const key of ['all', language] as const) {
      let paid = this.#rewards.get(key);
      if (paid === undefined) this.#rewards.set(key, (paid = new RewardSums(Object.keys(rewards))));
      paid.add(Object.values(rewards));
    }
  }

  all(): Totals {
    return totals(this.#all, this.#rewards.get('all'));
  }

  /** In the order of LANGUAGES. */
  byLanguage(): Partial<Record<Language, Totals>> {
    return Object.fromEntries(
      LANGUAGES.flatMap((language) => {
        const sums = this.#byLanguage.get(language);
        return sums === undefined ? [] : [[language, totals(sums, this.#rewards.get(language))]];
      }),
    );
  }
}

function totals(sums: CompletionSums, rewards: RewardSums | undefined): Totals {
  const { rows, judged, correct, all } = sums;
  return {
    ...{ rows, judged, correct, ...sums.figures(), accuracy_strict: sums.accuracyStrict(), words: { ...all.words } },
    ...(rewards && { rewards: rewards.figures() }),
  };
}
