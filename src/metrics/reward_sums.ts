/** One reward over completions, unweighted. */
export interface RewardFigure {
  /** null where it judged none. */
  mean: number | null;
  /** Standard deviation (n - 1); null of fewer than two. */
  std: number | null;
  /** Completions that it judged. */
  judged: number;
}

interface Sum {
  name: string;
  judged: number;
  sum: number;
  /** Welford's: the mean so far, and the sum of squared distances from it. */
  mean: number;
  squares: number;
}

/** Mean and spread of each reward over completions that come one by one; null counts for nothing. */
export class RewardSums {
  readonly #sums: Sum[];

  constructor(names: readonly string[]) {
    this.#sums = names.map((name) => ({ name, judged: 0, sum: 0, mean: 0, squares: 0 }));
  }

  static of(names: readonly string[], rows: readonly { rewards: readonly (number | null)[] }[]): RewardSums {
    const sums = new RewardSums(names);
    for (const { rewards } of rows) sums.add(rewards);
    return sums;
  }

  /** Values in the order of the names. */
  add(values: readonly (number | null)[]): void {
    for (const [k, sum] of this.#sums.entries()) {
      const value = values[k] ?? null;
      if (value === null) continue;
      const before = value - sum.mean;
      sum.sum += value;
      sum.mean += before / ++sum.judged;
      sum.squares += before * (value - sum.mean);
    }
  }

  figures(): Record<string, RewardFigure> {
    return Object.fromEntries(this.#sums.map((sum) => [sum.name, figureOf(sum)]));
  }
}

function figureOf({ judged, sum, mean, squares }: Sum): RewardFigure {
  const std = judged > 1 ? Math.sqrt(squares / (judged - 1)) : null;
  // Equal values are their own mean.
  return { mean: judged === 0 ? null : squares === 0 ? mean : sum / judged, std, judged };
}
