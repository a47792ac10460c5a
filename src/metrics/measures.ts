import type { Language } from '../language/types.js';
import type { AtK } from './at_k.js';
import { ADVANTAGE_MEASURES } from './advantage.js';
import { LEVEL_MEASURES } from './by_level.js';
import { COMPLETION_CLASS_MEASURES } from './completion_by_class.js';
import { COMPLETION_MEASURES } from './completion.js';
import { DYNAMIC_SAMPLING_MEASURES } from './dynamic_sampling.js';
import { LANGUAGE_MEASURES } from './language.js';
import { LEVER_MEASURES } from './levers.js';
import { MACHINE_MEASURES } from './machine.js';
import { OPTIMIZATION_MEASURES } from './optimization.js';
import { REWARD_MEASURES } from './reward.js';
import { SUPERVISED_MEASURES } from './supervised.js';
import type { Measure } from './types.js';

const ROWS = [
  ...OPTIMIZATION_MEASURES,
  ...SUPERVISED_MEASURES,
  ...REWARD_MEASURES,
  ...LEVEL_MEASURES,
  ...DYNAMIC_SAMPLING_MEASURES,
  ...COMPLETION_MEASURES,
  ...LANGUAGE_MEASURES,
  ...ADVANTAGE_MEASURES,
  ...COMPLETION_CLASS_MEASURES,
  ...LEVER_MEASURES,
  ...MACHINE_MEASURES,
] as const;
type Row = (typeof ROWS)[number];

/** Every measure once, in the order of docs/metrics.md. */
export const MEASURES: readonly Measure[] = ROWS;

/** Measures of all prompts that stand under `language/<lang>/` too, beside those under `language/`, `advantage/` and the fields. */
export const BY_LANGUAGE = ['reward', 'entropy', 'kl'] as const satisfies readonly Row['name'][];

/** A name in the rows of evaluations and of `score`. */
export type Field = Extract<Row, { field: string }>['field'];

/** Of an evaluation's row what metrics.jsonl has too, and what tables show of it. */
export const HEADLINE = [
  'accuracy',
  'clipped_ratio',
  'target_wr',
  'target_wr_rewarded',
  'en_wr',
  'target_wr_reasoning',
  'words_after_answer',
  'repetition',
] as const satisfies readonly Field[];

/** `<reward>`, `<class>`: any name. */
type Filled<Name> = Name extends `${infer Before}<${string}>${infer After}` ? `${Before}${string}${After}` : Name;
type PlainName = Filled<Row['name']>;
/** What stands under `language/<lang>/` of the prompts in one of several languages. */
type LanguageTail =
  | (Row['name'] extends infer Name ? (Name extends `language/${infer Tail}` ? Tail : never) : never)
  | Field
  | (typeof BY_LANGUAGE)[number]
  | Filled<(typeof ADVANTAGE_MEASURES)[number]['name']>;

/** A name in metrics.jsonl; one that no measure has is an error of types. */
export type MetricName =
  | PlainName
  | `language/${Language}/${LanguageTail}`
  | `eval_${string}/${Field | AtK | `rewards/${string}/${'mean' | 'std'}`}`;

/** Values of metrics; null where there is none, which JSON can say and NaN it cannot. */
export type Metrics = Partial<Record<MetricName, number | null>>;

/** Metrics of what was computed: a mean of nothing, which is NaN, has no value. */
export function metricsOf(values: readonly (readonly [name: MetricName, value: number | null])[]): Metrics {
  return Object.fromEntries(
    values.map(([name, value]) => [name, value !== null && Number.isFinite(value) ? value : null]),
  );
}
