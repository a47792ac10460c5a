import { nanStatistics, shareOfOnes } from '../base/statistics.js';
import type { Language, LanguageMeasure } from '../language/types.js';
import { COMPLETION_CLASSES, completionClass } from './completion_class.js';
import { metricsOf, type Metrics } from './measures.js';
import { CompletionSums, type SummedCompletion } from './sums.js';

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
  /** Absent: not known. */
  nats?: Nats | undefined;
}

/** Sums over the tokens of a completion, of the policy that drew it, in nats. */
export interface Nats {
  entropy: number;
  /** To the reference, where there is one. */
  kl?: number;
}

/** What computeAdvantages found of the rows that the metrics are about. */
export interface RowAdvantages {
  /** Weighted sums; NaN where nothing was judged. */
  rewards: Float64Array;
  advantages: Float32Array;
  /** 1 where the row's advantage has no spread to come from. */
  zeroStd: Uint8Array;
}

/**
 * `completions/*` as TRL defines them: lengths in tokens over all completions and over terminated ones (0 where none is), and
 * the share that did not end by itself. TRL reads the last token id; here the sampler's own finish reason counts.
 */
export function completionMetrics(rows: readonly Pick<GradedRow, 'tokens' | 'terminated'>[]): Metrics {
  const all = nanStatistics(rows.map((row) => row.tokens));
  const ended = rows.filter((row) => row.terminated).map((row) => row.tokens);
  const terminated = nanStatistics(ended.length > 0 ? ended : [0]);
  return metricsOf([
    ['completions/mean_length', all.mean],
    ['completions/min_length', all.min],
    ['completions/max_length', all.max],
    ['completions/clipped_ratio', (rows.length - ended.length) / rows.length],
    ['completions/mean_terminated_length', terminated.mean],
    ['completions/min_terminated_length', terminated.min],
    ['completions/max_terminated_length', terminated.max],
  ]);
}

/**
 * `reward`, `reward_std` (n - 1) and `frac_reward_zero_std` of these rows, `rewards/<name>/mean` and `/std` (unweighted, of what
 * was judged), and `accuracy`: the share of right ones among the completions that could be judged. `advantages` are those of
 * the same rows, which may be a part of the generation they were found in.
 */
export function rewardMetrics(
  rows: readonly Pick<GradedRow, 'rewards' | 'correct'>[],
  names: readonly string[],
  { rewards, zeroStd }: Pick<RowAdvantages, 'rewards' | 'zeroStd'>,
): Metrics {
  const sums = nanStatistics(rewards);
  const judged = rows.filter((row) => row.correct !== null);
  return metricsOf([
    ['reward', sums.mean],
    ['reward_std', sums.std],
    ['frac_reward_zero_std', shareOfOnes(zeroStd)],
    ['accuracy', judged.filter((row) => row.correct).length / judged.length],
    ...names.flatMap((name, k) => {
      const { mean, std } = nanStatistics(rows.map((row) => row.rewards[k] ?? NaN));
      return [[`rewards/${name}/mean`, mean] as const, [`rewards/${name}/std`, std] as const];
    }),
  ]);
}

/**
 * `language/target_wr|en_wr|other_wr` over all words of all completions (long completions count for more), the same under
 * `language/rewarded/` over the right ones, and the means over completions of `first_switch` (of those that switch),
 * `switches`, and `lpr` and `wpr` (language confusion: share of completions with no line in a wrong language; of those, the
 * share with no stray English word), and how far the words can be believed (`reasoning/*`, `words_after_answer`, `repetition`,
 * `copied`, `in_markup`). Where the prompts are in several languages, all of it once more under
 * `language/<lang>/`, with `accuracy` and `clipped_ratio`.
 *
 * @param languages of all the prompts that these are drawn from; null for one that none of the rows has.
 */
export function languageMetrics(
  rows: readonly LanguageRow[],
  languages: readonly Language[] = [...new Set(rows.map((row) => row.language))],
): Metrics {
  const metrics = languageOf(rows, 'language');
  if (languages.length < 2) return metrics;
  for (const language of languages) {
    const subset = rows.filter((row) => row.language === language);
    const { accuracy, clipped_ratio: clipped } = CompletionSums.of(subset.map(summed)).figures();
    Object.assign(
      metrics,
      metricsOf([
        [`language/${language}/accuracy`, accuracy],
        [`language/${language}/clipped_ratio`, clipped],
      ]),
      languageOf(subset, `language/${language}`),
    );
  }
  return metrics;
}

/**
 * `advantage/<class>/share|reward|advantage|sum` for the classes of completionClass: share of all completions, mean reward,
 * mean advantage, and the sum of advantage x tokens, which is the push the class gets. Means of an empty class are null.
 */
export function advantageMetrics(
  rows: readonly Pick<GradedRow, 'tokens' | 'measure'>[],
  { rewards, advantages }: Pick<RowAdvantages, 'rewards' | 'advantages'>,
): Metrics {
  const classes = rows.map((row) => completionClass(row.measure));
  return metricsOf(
    COMPLETION_CLASSES.flatMap((name) => {
      const members = [...rows.keys()].filter((row) => classes[row] === name);
      return [
        [`advantage/${name}/share`, members.length / rows.length] as const,
        [`advantage/${name}/reward`, mean(members.map((row) => rewards[row]!))] as const,
        [`advantage/${name}/advantage`, mean(members.map((row) => advantages[row]!))] as const,
        [`advantage/${name}/sum`, members.reduce((sum, row) => sum + advantages[row]! * rows[row]!.tokens, 0)] as const,
      ];
    }),
  );
}

/**
 * `completions/<class>/accuracy|mean_length|clipped_ratio|entropy|kl` for the classes of completionClass; null where a class is
 * empty. Entropy and KL are means over tokens, those of long completions counting for more; they are left out where not known.
 */
export function classMetrics(rows: readonly GradedRow[]): Metrics {
  const classes = rows.map((row) => completionClass(row.measure));
  return metricsOf(
    COMPLETION_CLASSES.flatMap((name) => {
      const members = rows.filter((_, row) => classes[row] === name);
      const judged = members.filter((row) => row.correct !== null);
      return [
        [`completions/${name}/accuracy`, judged.filter((row) => row.correct).length / judged.length] as const,
        [`completions/${name}/mean_length`, mean(members.map((row) => row.tokens))] as const,
        [
          `completions/${name}/clipped_ratio`,
          members.filter((row) => !row.terminated).length / members.length,
        ] as const,
        ...natsKnown(rows).map((kind) => [`completions/${name}/${kind}`, natsAToken(members, kind)] as const),
      ];
    }),
  );
}

/** Of the prompts in each of several languages: reward, mean length, entropy, KL, and the table of advantages by class. */
function trainedByLanguage(
  rows: readonly GradedRow[],
  { rewards, advantages }: Pick<RowAdvantages, 'rewards' | 'advantages'>,
  languages: readonly Language[],
): Metrics {
  if (languages.length < 2) return {};
  const metrics: Metrics = {};
  for (const language of languages) {
    const members = [...rows.keys()].filter((row) => rows[row]!.language === language);
    const subset = members.map((row) => rows[row]!);
    const of = {
      rewards: Float64Array.from(members, (row) => rewards[row]!),
      advantages: Float32Array.from(members, (row) => advantages[row]!),
    };
    const prefix = `language/${language}` as const;
    Object.assign(
      metrics,
      metricsOf([
        [`${prefix}/reward`, nanStatistics(of.rewards).mean],
        [`${prefix}/mean_length`, mean(subset.map((row) => row.tokens))],
        ...natsKnown(rows).map((kind) => [`${prefix}/${kind}`, natsAToken(subset, kind)] as const),
      ]),
      Object.fromEntries(
        Object.entries(advantageMetrics(subset, of)).map(([name, value]) => [`${prefix}/${name}`, value]),
      ),
    );
  }
  return metrics;
}

/** What is known of these rows: entropies, and KL where there is a reference. */
function natsKnown(rows: readonly GradedRow[]): (keyof Nats)[] {
  return (['entropy', 'kl'] as const).filter((kind) => rows.some((row) => row.nats?.[kind] !== undefined));
}

function natsAToken(rows: readonly GradedRow[], kind: keyof Nats): number {
  const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
  return rows.reduce((sum, row) => sum + (row.nats?.[kind] ?? NaN), 0) / tokens;
}

/** All of the above in one record; `languages` as {@link languageMetrics} takes them. */
export function gradedMetrics(
  rows: readonly GradedRow[],
  names: readonly string[],
  advantages: RowAdvantages,
  languages: readonly Language[] = [...new Set(rows.map((row) => row.language))],
): Metrics {
  return {
    ...rewardMetrics(rows, names, advantages),
    ...completionMetrics(rows),
    ...languageMetrics(rows, languages),
    ...trainedByLanguage(rows, advantages, languages),
    ...advantageMetrics(rows, advantages),
    ...classMetrics(rows),
  };
}

type LanguageRow = Pick<GradedRow, 'language' | 'correct' | 'measure' | 'terminated'>;

function languageOf(rows: readonly LanguageRow[], prefix: 'language' | `language/${Language}`): Metrics {
  const lines = rows.filter((row) => row.measure.total > 0);
  const passed = lines.filter((row) => row.measure.linePass);
  const switched = lines.flatMap(({ measure }) => (measure.firstSwitch === null ? [] : [measure.firstSwitch]));
  const sums = CompletionSums.of(rows.map(summed));
  const [all, rewarded, figures] = [sums.all.shares(), sums.rewarded.shares(), sums.figures()];
  return metricsOf([
    [`${prefix}/target_wr`, all.target_wr],
    [`${prefix}/en_wr`, all.en_wr],
    [`${prefix}/other_wr`, all.other_wr],
    [`${prefix}/rewarded/target_wr`, rewarded.target_wr],
    [`${prefix}/rewarded/en_wr`, rewarded.en_wr],
    [`${prefix}/rewarded/other_wr`, rewarded.other_wr],
    [`${prefix}/reasoning/target_wr`, figures.target_wr_reasoning],
    [`${prefix}/reasoning/en_wr`, sums.reasoningEnglish()],
    [`${prefix}/words_after_answer`, figures.words_after_answer],
    [`${prefix}/repetition`, figures.repetition],
    [`${prefix}/copied`, figures.copied],
    [`${prefix}/in_markup`, figures.in_markup],
    [`${prefix}/first_switch`, mean(switched)],
    [`${prefix}/switches`, mean(lines.map((row) => row.measure.switches))],
    [`${prefix}/lpr`, passed.length / lines.length],
    [`${prefix}/wpr`, passed.filter((row) => row.measure.wordPass).length / passed.length],
  ]);
}

function summed({ language, correct, terminated, measure }: LanguageRow): SummedCompletion {
  return { language, correct, clipped: !terminated, words: measure.words, fidelity: measure.fidelity };
}

function mean(values: readonly number[]): number {
  return nanStatistics(values).mean;
}
