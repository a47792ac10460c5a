import {
  collapse,
  differ,
  fidelityPrices,
  type KnownPoint,
  originOf,
  type RunModel,
  type SuiteSeries,
  type TrainingSeries,
  trials,
} from '../analysis/index.js';
import { languageName } from '../language/index.js';
import { LANGUAGES } from '../language/types.js';
import { fieldMeasure, labelOf, showValue, type Field } from '../metrics/index.js';
import { supervisedSentences } from './supervised/sentences.js';
import { trend } from './trend.js';
import { greatest, least } from '../base/extremes.js';

/**
 * Sentences about what happened, every number from the runs' files: first each run: what it began with, its losses where it is one of
 * supervised fine-tuning, held-out problems in the languages it trains on (its training prompts, where it has no such suite), its
 * collapse; what keeping the language cost; then the other suites.
 */
export function story(runs: readonly RunModel[]): string[] {
  const [first, ...others] = runs;
  return [
    ...runs.flatMap((run) => [
      ...state(run),
      ...beginning(run, runs),
      ...(run.supervised ? supervisedSentences(run, run.supervised) : []),
      ...mainSentences(run),
      ...collapses(run),
    ]),
    ...(first === undefined ? [] : others.flatMap((run) => priceSentences(first, run))),
    ...runs.flatMap((run) => run.suites.filter((suite) => !suite.trained).map((suite) => suiteSentence(run, suite))),
  ];
}

export const promptsName = (language: string | null): string =>
  language === null ? 'training prompts' : `${languageName(language)} training prompts`;

/** What a field is called for prompts in a language: `Korean words of right answers`. */
export function fieldLabel(field: Field, language: string | null): string {
  const target = LANGUAGES.find((code) => code === language);
  return labelOf({ measure: fieldMeasure(field), ...(target && { language: target }) });
}

function state({ label, status, steps, maxSteps }: RunModel): string[] {
  const of = maxSteps === null ? '' : ` of ${String(maxSteps)}`;
  const made = `step ${String(steps)}${of}`;
  switch (status) {
    case 'interrupted':
      return [`${label}: interrupted after ${made}.`];
    case 'failed':
      return [`${label}: ended with an error after ${made}.`];
    case 'running':
      return [`${label}: not ended, ${made} so far.`];
    case 'finished':
      return [];
  }
}

/** The run that one begins with, and of one of GRPO beside others of supervised fine-tuning, that it is. */
function beginning(run: RunModel, runs: readonly RunModel[]): string[] {
  const origin = originOf(run.config);
  const kind = run.supervised || runs.every(({ supervised }) => !supervised) ? [] : ['trained with GRPO'];
  if (origin === undefined) return kind.map((text) => `${run.label}: ${text}.`);
  const name = runs.find(({ dir }) => dir === origin.dir)?.label ?? origin.dir;
  const from =
    origin.step === null
      ? `begins with the final weights of ${name}`
      : `begins with the checkpoint of ${name} after step ${String(origin.step)}`;
  return [`${run.label}: ${[...kind, from].join(', ')}.`];
}

function mainSentences(run: RunModel): string[] {
  const suites = run.suites.filter((suite) => suite.trained);
  if (suites.length > 0) return suites.map((suite) => suiteSentence(run, suite));
  return run.metrics.length === 0 ? [] : run.training.map((series) => trainingSentence(run, series));
}

function suiteSentence({ label }: RunModel, suite: SuiteSeries): string {
  const { language } = suite;
  const n = new Set(suite.rows.map((row) => row.n));
  const count =
    n.size === 1 ? `${String([...n][0])} completions` : `${String(least(n))} to ${String(greatest(n))} completions`;
  const clause = (field: Field) => `${fieldLabel(field, language)} ${trend(suite.of(field))}`;
  return `${label}, ${suite.suite} (${languageName(language)}, ${count}): ${[
    `accuracy ${trend(suite.of('accuracy'), beyondNoise(suite))}`,
    clause('clipped_ratio'),
    clause('target_wr_rewarded'),
    clause('target_wr'),
  ].join('; ')}.`;
}

function beyondNoise(suite: SuiteSeries): (from: KnownPoint, to: KnownPoint) => boolean {
  const share = ({ step, value }: KnownPoint) => ({ share: value, n: trials(suite, step) });
  return (from, to) => differ(share(from), share(to));
}

function trainingSentence({ label }: RunModel, { language, of }: TrainingSeries): string {
  const fields: Field[] = ['accuracy', 'clipped_ratio', 'target_wr_rewarded', 'target_wr'];
  const clauses = fields.map((field) => `${fieldLabel(field, language)} ${trend(of(field))}`);
  const prompts = promptsName(language);
  return `${label}, ${prompts} (each step its own prompts): ${clauses.join('; ')}.`;
}

function collapses(run: RunModel): string[] {
  return run.training.flatMap(({ language, of }) => {
    const { step, start, end } = collapse(of('target_wr_rewarded'));
    if (step === null || start === null || end === null) return [];
    const prompts = promptsName(language);
    const back =
      end.value >= start.value / 2
        ? `; it is back at ${showValue(end.value, 'share')} at step ${String(end.step)}`
        : '';
    return [
      `${run.label}, ${prompts}: collapse at step ${String(step)}, where the smoothed share of ${fieldLabel('target_wr_rewarded', language)} is below half of its ${showValue(start.value, 'share')} at step ${String(start.step)}${back}.`,
    ];
  });
}

function priceSentences(lost: RunModel, kept: RunModel): string[] {
  return fidelityPrices(lost, kept).map(({ suite, language, lost: a, kept: b, price }) => {
    const at = (step: number) => (a.step === b.step ? '' : ` at step ${String(step)}`);
    const pair = (field: 'accuracy' | 'target_wr') =>
      `${showValue(b[field], 'share')}${at(b.step)} against ${showValue(a[field], 'share')}${at(a.step)}`;
    return `Fidelity price of ${kept.label} against ${lost.label}, ${suite} (${languageName(language)}): ${Math.abs(price).toFixed(2)} points of accuracy ${price < 0 ? 'gained' : 'lost'} for each point of ${fieldLabel('target_wr', language)} kept (accuracy ${pair('accuracy')}, ${fieldLabel('target_wr', language)} ${pair('target_wr')}).`;
  });
}
