import { pointsOf, type RunModel, type SuiteSeries, type TrainingSeries } from '../analysis/index.js';
import { languageName } from '../language/index.js';
import { findMeasure, type Field } from '../metrics/index.js';
import type { FigureSpec, NamedFigures, Series } from './figure.js';
import { lineFigure } from './line_figure.js';
import { shareFigure } from './share_figure.js';
import { supervisedFigures } from './supervised/figures.js';
import { isSupervised } from './supervised/tables.js';
import { fieldLabel, promptsName } from './story.js';

/**
 * The figures of one run: its training prompts by language, its held-out suites, and what concerns all its completions; of supervised
 * fine-tuning its losses, and its suites.
 */
export function runFigures(run: RunModel): NamedFigures {
  if (isSupervised(run)) return [...supervisedFigures(run), ...run.suites.flatMap(suiteFigures)];
  return [
    ...run.training.flatMap((series) => trainingFigures(run, series)),
    ...run.suites.flatMap(suiteFigures),
    ...classFigures(run),
    ['length', metricFigure(run, 'Completion length', 'completions/mean_length')],
    ['entropy', metricFigure(run, 'Entropy of the next token', 'entropy')],
  ];
}

function trainingFigures({ training }: RunModel, series: TrainingSeries): NamedFigures {
  const { language, of } = series;
  const prompts = promptsName(language);
  const suffix = training.length > 1 ? `-${String(language)}` : '';
  return [
    [`words${suffix}`, shareFigure({ title: 'Words of all completions', of: prompts }, wordSeries(language, of))],
    [
      `ratios${suffix}`,
      lineFigure({
        title: 'Accuracy and words',
        of: prompts,
        unit: 'share',
        scale: 'share',
        series: ratioSeries(language, of),
      }),
    ],
  ];
}

/** A suite that was evaluated once is in the table; a line needs two. */
function suiteFigures({ suite, language, rows, of }: SuiteSeries): NamedFigures {
  if (rows.length < 2) return [];
  return [
    [
      `suite-${suite}-${language}`,
      lineFigure({
        title: `Held out: ${suite}`,
        of: `${languageName(language)} problems`,
        unit: 'share',
        scale: 'share',
        series: ratioSeries(language, of),
        marks: true,
      }),
    ],
  ];
}

type Of = (field: Field) => Series['points'];

/** The colour of the prompts' language; of prompts whose language is not known, one of its own. */
const targetInk = (language: string | null): string => (language === null ? 'class-target' : `lang-${language}`);

/** English is no other language to English prompts: their English words are the target's. */
function wordSeries(language: string | null, of: Of): Series[] {
  return [
    { name: fieldLabel('target_wr', language), ink: targetInk(language), points: of('target_wr') },
    ...(language === 'en' ? [] : [{ name: fieldLabel('en_wr', language), ink: 'lang-en', points: of('en_wr') }]),
    { name: fieldLabel('other_wr', language), ink: 'lang-other', points: of('other_wr') },
  ];
}

function ratioSeries(language: string | null, of: Of): Series[] {
  const line = (field: Field, inkName: string, dashed = false): Series => ({
    name: fieldLabel(field, language),
    ink: inkName,
    dashed,
    points: of(field),
  });
  return [
    line('accuracy', 'text'),
    line('clipped_ratio', 'text', true),
    line('target_wr', targetInk(language)),
    line('target_wr_rewarded', targetInk(language), true),
    // Runs of earlier versions have none.
    ...(of('target_wr_reasoning').some(({ value }) => value !== null)
      ? [line('target_wr_reasoning', 'class-mixed')]
      : []),
    ...(language === 'en' ? [] : [line('en_wr', 'lang-en')]),
  ];
}

/** By language of the completion, over all prompts: in several languages, `target` is each prompt's own. */
function classFigures({ metrics, languages }: RunModel): NamedFigures {
  const [language] = languages;
  const only = languages.length === 1 && language !== undefined ? language : null;
  const classes = [
    { of: 'target', name: only === null ? "the prompt's language" : languageName(only), ink: targetInk(only) },
    { of: 'mixed', name: 'mixed', ink: 'class-mixed' },
    ...(only === 'en'
      ? []
      : [{ of: 'english', name: only === null ? 'English, not asked for' : 'English', ink: 'lang-en' }]),
  ];
  const figure = (title: string, field: string, unit: string, scale: 'share' | 'free') =>
    lineFigure({
      title,
      of: 'by language of the completion, all prompts',
      unit,
      scale,
      series: classes.map(({ of, name, ink }) => ({
        name,
        ink,
        points: pointsOf(metrics, `advantage/${of}/${field}`),
      })),
    });
  return [
    ['advantage', figure('Advantage x tokens', 'sum', 'sum over the step', 'free')],
    ['reward-by-language', figure('Mean reward', 'reward', 'reward', 'free')],
    ['share-by-language', figure('Completions', 'share', 'share', 'share')],
  ];
}

/** One measure of metrics.jsonl over all completions of the step. */
function metricFigure({ metrics }: RunModel, title: string, name: string): FigureSpec {
  const { label, unit } = findMeasure(name)!.measure;
  return lineFigure({
    title,
    of: 'all prompts',
    unit,
    scale: 'free',
    legend: false,
    series: [{ name: label, ink: 'text', points: pointsOf(metrics, name) }],
  });
}
