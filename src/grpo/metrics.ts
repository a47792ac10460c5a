import type { Language, LanguageMeasure } from '../language/types.js';
import { COMPLETION_CLASSES, completionClass } from './completion_class.js';
import { nanStatistics, shareOfOnes } from './statistics.js';
import type { Advantages } from './types.js';

/** What the metrics need to know of one graded completion. */
export interface GradedRow {
  /** Of the prompt. */
  language: Language;
  /** Completion ids drawn, the end token among them. */
  tokens: number;
  /** Ended by an end token, and not by the budget. */
  terminated: boolean;
  correct: boolean | null;
  /** One per reward function, unweighted; null: not judged. */
  rewards: readonly (number | null)[];
  measure: LanguageMeasure;
}
export type Metrics = Record<string, number | null>;

/**
 * `completions/*` as TRL defines them: lengths in tokens over all completions and over terminated ones (0 where none is), and
 * the share that did not end by itself. TRL reads the last token id; here the sampler's own finish reason counts.
 */
export function completionMetrics(rows: readonly Pick<GradedRow, 'tokens' | 'terminated'>[]): Metrics {
  const all = nanStatistics(rows.map((row) => row.tokens));
  const ended = rows.filter((row) => row.terminated).map((row) => row.tokens);
  const terminated = nanStatistics(ended.length > 0 ? ended : [0]);
  return finite({
    'completions/mean_length': all.mean,
    'completions/min_length': all.min,
    'completions/max_length': all.max,
    'completions/clipped_ratio': (rows.length - ended.length) / rows.length,
    'completions/mean_terminated_length': terminated.mean,
    'completions/min_terminated_length': terminated.min,
    'completions/max_terminated_length': terminated.max,
  });
}

/**
 * `reward`, `reward_std` (n - 1) and `frac_reward_zero_std` of these rows, `rewards/<name>/mean` and `/std` (unweighted, of what
 * was judged), and `accuracy`: the share of right ones among the completions that could be judged. `advantages` are those of
 * the same rows, which may be a part of the generation they were found in.
 */
export function rewardMetrics(
  rows: readonly Pick<GradedRow, 'rewards' | 'correct'>[],
  names: readonly string[],
  { rewards, zeroStd }: Pick<Advantages, 'rewards' | 'zeroStd'>,
): Metrics {
  const sums = nanStatistics(rewards);
  const metrics: Metrics = {
    reward: sums.mean,
    reward_std: sums.std,
    frac_reward_zero_std: shareOfOnes(zeroStd),
    accuracy: accuracy(rows),
  };
  names.forEach((name, k) => {
    const { mean, std } = nanStatistics(rows.map((row) => row.rewards[k] ?? NaN));
    metrics[`rewards/${name}/mean`] = mean;
    metrics[`rewards/${name}/std`] = std;
  });
  return finite(metrics);
}

/**
 * `language/target_wr|en_wr|other_wr` over all words of all completions (long completions count for more), the same under
 * `language/rewarded/` over the right ones, and the means over completions of `first_switch` (of those that switch),
 * `switches`, and `lpr` and `wpr` (language confusion: share of completions with no line in a wrong language; of those, the
 * share with no stray English word). Where the prompts are in several languages, all of it once more under
 * `language/<lang>/`, with `accuracy` and `clipped_ratio`.
 *
 * @param languages of all the prompts that these are drawn from; null for one that none of the rows has.
 */
export function languageMetrics(
  rows: readonly Pick<GradedRow, 'language' | 'correct' | 'measure' | 'terminated'>[],
  languages: readonly Language[] = [...new Set(rows.map((row) => row.language))],
): Metrics {
  const metrics = { ...languageOf(rows, 'language') };
  if (languages.length > 1) {
    for (const language of languages) {
      const subset = rows.filter((row) => row.language === language);
      metrics[`language/${language}/accuracy`] = accuracy(subset);
      metrics[`language/${language}/clipped_ratio`] = subset.filter((row) => !row.terminated).length / subset.length;
      Object.assign(metrics, languageOf(subset, `language/${language}`));
    }
  }
  return finite(metrics);
}

/**
 * `advantage/<class>/share|reward|advantage|sum` for the classes of completionClass: share of all completions, mean reward,
 * mean advantage, and the sum of advantage x tokens, which is the push the class gets. Means of an empty class are null.
 */
export function advantageMetrics(
  rows: readonly Pick<GradedRow, 'tokens' | 'measure'>[],
  { rewards, advantages }: Pick<Advantages, 'rewards' | 'advantages'>,
): Metrics {
  const metrics: Metrics = {};
  const classes = rows.map((row) => completionClass(row.measure));
  for (const name of COMPLETION_CLASSES) {
    const members = [...rows.keys()].filter((row) => classes[row] === name);
    metrics[`advantage/${name}/share`] = members.length / rows.length;
    metrics[`advantage/${name}/reward`] = nanStatistics(members.map((row) => rewards[row]!)).mean;
    metrics[`advantage/${name}/advantage`] = mean(members.map((row) => advantages[row]!));
    metrics[`advantage/${name}/sum`] = members.reduce((sum, row) => sum + advantages[row]! * rows[row]!.tokens, 0);
  }
  return finite(metrics);
}

/** What the metrics need of computeAdvantages, of the rows that they are about. */
export type RowAdvantages = Pick<Advantages, 'rewards' | 'advantages' | 'zeroStd'>;

/** All of the above in one record; `languages` as {@link languageMetrics} takes them. */
export function gradedMetrics(
  rows: readonly GradedRow[],
  names: readonly string[],
  advantages: RowAdvantages,
  languages?: readonly Language[],
): Metrics {
  return {
    ...rewardMetrics(rows, names, advantages),
    ...completionMetrics(rows),
    ...languageMetrics(rows, languages),
    ...advantageMetrics(rows, advantages),
  };
}

function languageOf(rows: readonly Pick<GradedRow, 'language' | 'correct' | 'measure'>[], prefix: string): Metrics {
  const lines = rows.filter((row) => row.measure.total > 0);
  const passed = lines.filter((row) => row.measure.linePass);
  const switched = lines.flatMap(({ measure }) => (measure.firstSwitch === null ? [] : [measure.firstSwitch]));
  return {
    ...wordRatios(rows, prefix),
    ...wordRatios(
      rows.filter((row) => row.correct === true),
      `${prefix}/rewarded`,
    ),
    [`${prefix}/first_switch`]: mean(switched),
    [`${prefix}/switches`]: mean(lines.map((row) => row.measure.switches)),
    [`${prefix}/lpr`]: passed.length / lines.length,
    [`${prefix}/wpr`]: passed.filter((row) => row.measure.wordPass).length / passed.length,
  };
}

function wordRatios(rows: readonly Pick<GradedRow, 'language' | 'measure'>[], prefix: string): Metrics {
  let total = 0;
  let target = 0;
  let english = 0;
  let other = 0;
  for (const { language, measure } of rows) {
    total += measure.total;
    target += measure.words[language];
    english += measure.words.en;
    other += measure.total - measure.words[language] - (language === 'en' ? 0 : measure.words.en);
  }
  return {
    [`${prefix}/target_wr`]: target / total,
    [`${prefix}/en_wr`]: english / total,
    [`${prefix}/other_wr`]: other / total,
  };
}

function accuracy(rows: readonly Pick<GradedRow, 'correct'>[]): number {
  const judged = rows.filter((row) => row.correct !== null);
  return judged.filter((row) => row.correct).length / judged.length;
}

function mean(values: readonly number[]): number {
  return nanStatistics(values).mean;
}

/** A mean of nothing has no value: null on disk, never 0 and never NaN, which JSON cannot say. */
function finite(metrics: Metrics): Metrics {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, value !== null && Number.isFinite(value) ? value : null]),
  );
}
