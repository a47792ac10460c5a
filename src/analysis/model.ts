import type { Language } from '../language/types.js';
import { fieldMeasure, type Field } from '../metrics/index.js';
import type { EvaluationRow } from '../run/evaluation.js';
import type { MetricsLine, RunSummary } from '../run/types.js';
import { trainingLanguages } from './languages.js';
import { pointsOf, type Point } from './points.js';
import { supervisedModel, type SomeSft, type SupervisedModel } from './supervised.js';

/** A run as sentences, tables and figures see it. Everything is by prompt language: nothing is pooled under the name of one. */
export interface RunModel {
  /** Unique among the runs of a page. */
  label: string;
  name: string;
  dir: string;
  status: RunSummary['status'];
  config: unknown;
  /** Optimizer steps made, and asked for (null: the config does not say). */
  steps: number;
  maxSteps: number | null;
  /** Of the training prompts or examples; empty where nothing tells. */
  languages: readonly Language[];
  /** Undefined: a run of GRPO. */
  supervised: SupervisedModel | undefined;
  /**
   * One for each language of the training prompts; one without a language where that is not known. None of supervised fine-tuning,
   * which has no prompts.
   */
  training: readonly TrainingSeries[];
  /** One for each suite and language: languages that are trained on first, suites in the order of the config. */
  suites: readonly SuiteSeries[];
  /** Lines of the optimizer steps. */
  metrics: readonly MetricsLine[];
}

/** The training prompts in one language, at every optimizer step. */
export interface TrainingSeries {
  language: Language | null;
  of: (field: Field) => Point[];
}

/** One language of one held-out suite, at every step it was evaluated at. */
export interface SuiteSeries {
  suite: string;
  language: string;
  /** Whether the training prompts are in this language. */
  trained: boolean;
  /** By step. */
  rows: readonly EvaluationRow[];
  /** Completions a problem. */
  samples: number;
  of: (field: Field) => Point[];
}

/** Problems that were judged at a step: the completions of one problem are no independent trials. */
export function trials({ rows, samples }: SuiteSeries, step: number): number {
  const row = rows.find((each) => each.step === step);
  return Math.max(1, Math.floor((row?.judged ?? row?.n ?? 1) / (row?.samples ?? samples)));
}

/** What a page knows of a run, from its folder's files alone. */
export function runModel(label: string, summary: RunSummary): RunModel {
  const languages = trainingLanguages(summary);
  const lines = [...summary.metrics].sort((a, b) => a.step - b.step);
  const metrics = lines.filter((line) => line.step > 0);
  const config = (summary.config ?? {}) as SomeConfig;
  const evaluated = summary.evaluations.map((row) => row.step);
  return {
    label,
    name: summary.name,
    dir: summary.dir,
    status: summary.status,
    config: summary.config,
    steps: [...metrics.map((line) => line.step), ...evaluated].reduce((most, step) => Math.max(most, step), 0),
    maxSteps: (config.sft ?? config.grpo)?.max_steps ?? null,
    languages,
    supervised: config.sft && supervisedModel(config.sft, lines),
    training: (config.sft ? [] : languages.length > 0 ? languages : [null]).map((language) => ({
      language,
      of: (field) => pointsOf(metrics, trainingName(field, languages.length > 1 ? language : null)),
    })),
    suites: suiteSeries(summary.evaluations, languages, config),
    metrics,
  };
}

interface SomeConfig {
  grpo?: { max_steps?: number };
  sft?: SomeSft;
  data?: { eval?: { name?: string }[] };
  eval?: { num_samples?: number };
}

/** The name in metrics.jsonl: of a run in several languages, that of the prompts in one of them. */
function trainingName(field: Field, language: Language | null): string {
  const { name } = fieldMeasure(field);
  if (language === null) return name;
  return `language/${language}/${name.startsWith('language/') ? name.slice('language/'.length) : field}`;
}

function suiteSeries(
  rows: readonly EvaluationRow[],
  languages: readonly Language[],
  { data, eval: evaluation }: SomeConfig,
): SuiteSeries[] {
  const groups = new Map<string, EvaluationRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.suite, row.language]);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const order = (data?.eval ?? []).map((source) => source.name);
  const place = ({ suite }: SuiteSeries) => (order.includes(suite) ? order.indexOf(suite) : order.length);
  return [...groups.values()]
    .map((group): SuiteSeries => {
      const { suite, language } = group[0]!;
      const sorted = [...group].sort((a, b) => a.step - b.step);
      return {
        suite,
        language,
        trained: (languages as readonly string[]).includes(language),
        rows: sorted,
        samples: evaluation?.num_samples ?? 1,
        // Older files lack a field, and JSON has null where there was nothing to divide by.
        of: (field) => sorted.map((row) => ({ step: row.step, value: row[field] ?? null })),
      };
    })
    .sort((a, b) => Number(b.trained) - Number(a.trained) || place(a) - place(b));
}
