import { languageName } from '../language/index.js';
import { LANGUAGES, type Language } from '../language/types.js';
import { fieldMeasure, labelOf, showValue, type Field } from '../metrics/index.js';
import type { EvaluationRow, MetricsLine } from '../run/index.js';
import type { TrainEvent } from '../trainer/index.js';
import type { Part } from './fit_line.js';
import { duration, figure, percent } from './format.js';

type Value = number | null | undefined;

/** What a step's line says: figures of the step, and of each language of the training prompts. */
export function stepParts(line: MetricsLine, maxSteps: number, languages: readonly Language[]): Part[] {
  const at = `${String(line.step)}/${String(maxSteps)}`;
  return [
    { long: `step ${at}`, short: at },
    { long: `reward ${figure(line.reward)}`, short: `rew ${figure(line.reward)}`, rank: 4 },
    shareOf('accuracy', 'acc', line.accuracy),
    shareOf('clipped_ratio', 'cut', line['completions/clipped_ratio']),
    ...languageParts(line, languages),
    {
      long: `length ${figure(line['completions/mean_length'])}`,
      short: `len ${whole(line['completions/mean_length'])}`,
      rank: 2,
    },
    { long: `entropy ${figure(line.entropy)}`, short: `ent ${figure(line.entropy)}`, rank: 5 },
  ];
}

/** What a step's line says of supervised fine-tuning. */
export function supervisedParts(line: MetricsLine, maxSteps: number): Part[] {
  const at = `${String(line.step)}/${String(maxSteps)}`;
  const accuracy = percent(line.mean_token_accuracy);
  return [
    { long: `step ${at}`, short: at },
    { long: `loss ${figure(line.loss)}`, short: `loss ${figure(line.loss)}` },
    { long: `token accuracy ${accuracy}`, short: `tok ${accuracy.replace(' ', '')}`, rank: 4 },
    { long: `entropy ${figure(line.entropy)}`, short: `ent ${figure(line.entropy)}`, rank: 3 },
    { long: `epoch ${figure(line.epoch)}`, short: `ep ${figure(line.epoch)}`, rank: 2 },
  ];
}

/** What the line of a held-out set says. */
export function heldOutParts({ set, step, loss, perplexity }: Extract<TrainEvent, { type: 'held_out' }>): Part[] {
  return [
    { long: `${set} after step ${String(step)}:`, short: `${set} ${String(step)}:` },
    { long: `loss ${figure(loss)}`, short: `loss ${figure(loss)}` },
    { long: `perplexity ${figure(perplexity)}`, short: `ppl ${figure(perplexity)}`, rank: 1 },
  ];
}

/** Seconds of a step as metrics.jsonl has them, without evaluating and saving, and what is left with them. */
export function timeParts(stepSeconds: number, secondsLeft: number | undefined): Part[] {
  const short = (seconds: number) => duration(seconds).replaceAll(' ', '');
  return [
    { long: `${duration(stepSeconds)} a step`, short: `${short(stepSeconds)}/step`, rank: 1 },
    ...(secondsLeft === undefined
      ? []
      : [{ long: `about ${duration(secondsLeft)} left`, short: `${short(secondsLeft)} left`, rank: 6 }]),
  ];
}

/** What an evaluation's line says. */
export function evaluationParts(row: EvaluationRow): Part[] {
  const { suite, step, language } = row;
  const name = languageName(language);
  return [
    { long: `${suite} (${name}) after step ${String(step)}:`, short: `${suite} (${language}) ${String(step)}:` },
    ...evaluationShares(row, language),
  ];
}

/** The shares of an evaluation of problems in one language. */
export function evaluationShares(
  row: Pick<EvaluationRow, 'accuracy' | 'clipped_ratio' | 'target_wr' | 'target_wr_rewarded' | 'en_wr' | 'n'>,
  code: string,
): Part[] {
  const language = LANGUAGES.find((each) => each === code);
  return [
    shareOf('accuracy', 'acc', row.accuracy),
    shareOf('clipped_ratio', 'cut', row.clipped_ratio),
    shareOf('target_wr', code, row.target_wr, language),
    ...(code === 'en' ? [] : [shareOf('en_wr', 'en', row.en_wr, language)]),
    { ...shareOf('target_wr_rewarded', `${code} right`, row.target_wr_rewarded, language), rank: 2 },
    { long: `${String(row.n)} completions`, short: `n ${String(row.n)}`, rank: 1 },
  ];
}

/** Of prompts in one language its words and the English ones; of several, those of each: never of all under one's name. */
function languageParts(line: MetricsLine, languages: readonly Language[]): Part[] {
  if (languages.length === 1) {
    const [language] = languages as [Language];
    return [
      shareOf('target_wr', language, line['language/target_wr'], language),
      ...(language === 'en' ? [] : [shareOf('en_wr', 'en', line['language/en_wr'], language)]),
    ];
  }
  return languages.flatMap((language) => {
    const at = (field: Field) => line[`language/${language}/${field}`];
    const target = shareOf('target_wr', `${language}>${language}`, at('target_wr'), language);
    return [
      { ...target, long: `${languageName(language)} prompts: ${target.long}` },
      ...(language === 'en' ? [] : [shareOf('en_wr', `${language}>en`, at('en_wr'), language)]),
    ];
  });
}

/** Shares are never left out: accuracy has the share that was cut off beside it, and the languages are what this is about. */
function shareOf(field: Field, short: string, value: Value, language?: Language): Part {
  return { long: `${label(field, language)} ${showValue(value, 'share')}`, short: `${short} ${tight(value)}` };
}

const label = (field: Field, language: Language | undefined): string =>
  labelOf({ measure: fieldMeasure(field), ...(language && { language }) });
const tight = (value: Value): string => percent(value).replace(' ', '');
const whole = (value: Value): string => (value === null || value === undefined ? '-' : value.toFixed(0));
