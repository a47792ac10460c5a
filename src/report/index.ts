import { dirname, join } from 'node:path';
import { writeFileAtomic } from '../base/atomic.js';
import { makeFolder } from '../base/folder.js';
import { GlossaError } from '../base/error.js';
import { LANGUAGE_NAMES } from '../language/index.js';
import type { CountedLanguage } from '../language/types.js';
import type { RunSummary } from '../run/types.js';
import { chooseSteps, showCompletions, type ShownCompletion } from './completions.js';
import { fidelityPrice, findings, type Findings } from './findings.js';
import { lineFigure, series, shareFigure, type FigureSpec } from './figures.js';
import { SERIES_INK } from './palette.js';
import { percent, renderPage, type PageRun } from './page.js';
import { renderSvg, standaloneSvg } from './svg.js';

export interface ReportRun {
  label: string;
  summary: RunSummary;
}

export interface ReportOptions {
  title?: string;
  /** Rollout steps whose completions are shown (default 4), prompts of each step (2), completions of each prompt (2). */
  steps?: number;
  prompts?: number;
  each?: number;
  /** Also write every figure as an SVG file into `figures/` beside the page. Default true. */
  svg?: boolean;
}

/**
 * Writes one self-contained HTML page about one or several runs to `out`, and its figures as SVG files beside it.
 * Runs are compared in the order given; the first is the one the story is told of.
 */
export async function writeReport(runs: readonly ReportRun[], out: string, options: ReportOptions = {}): Promise<void> {
  const first = runs[0];
  if (first === undefined) throw new GlossaError('REPORT_EMPTY', 'a report needs at least one run');
  const target = (first.summary.evaluations[0]?.language ?? 'ko') as CountedLanguage;
  const found = runs.map((run) => findings(run.summary));
  const files: [string, string][] = [];
  const draw = async (name: string, spec: FigureSpec): Promise<string> => {
    const svg = await renderSvg(spec);
    files.push([`${name}.svg`, standaloneSvg(svg)]);
    return svg;
  };

  const comparison: string[] = [];
  for (const [name, spec] of comparisonFigures(runs, target)) comparison.push(await draw(name, spec));
  const pageRuns: PageRun[] = [];
  for (const [i, run] of runs.entries()) {
    const figures: string[] = [];
    for (const [name, spec] of runFigures(run, target)) figures.push(await draw(`${slug(run.label)}-${name}`, spec));
    pageRuns.push({
      label: run.label,
      findings: found[i]!,
      figures,
      completions: await completionsOf(run.summary.dir, options),
      facts: facts(run.summary),
    });
  }
  const title = options.title ?? `${first.summary.name}: which language does the model think in?`;
  const html = renderPage({ title, story: story(runs, found, target), comparison, runs: pageRuns, target });

  await makeFolder(dirname(out));
  if (options.svg !== false) {
    const folder = join(dirname(out), 'figures');
    await makeFolder(folder);
    for (const [name, svg] of files) await writeFileAtomic(join(folder, name), svg);
  }
  await writeFileAtomic(out, html);
}

const slug = (label: string): string =>
  label
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

function comparisonFigures(runs: readonly ReportRun[], target: CountedLanguage): [string, FigureSpec][] {
  const of = (key: string) =>
    runs.map((run, i) => series(run.label, `series-${i % SERIES_INK.length}`, run.summary.metrics, key));
  const name = LANGUAGE_NAMES[target];
  return [
    [
      'accuracy',
      lineFigure({
        title: 'Accuracy on training prompts',
        unit: 'right answers',
        scale: 'percent',
        series: of('accuracy'),
      }),
    ],
    [
      'target-wr-rewarded',
      lineFigure({
        title: `${name} words in rewarded completions`,
        unit: 'Target WR, rewarded',
        scale: 'percent',
        series: of('language/rewarded/target_wr'),
      }),
    ],
    [
      'target-wr',
      lineFigure({
        title: `${name} words in all completions`,
        unit: 'Target WR',
        scale: 'percent',
        series: of('language/target_wr'),
      }),
    ],
  ];
}

function runFigures(run: ReportRun, target: CountedLanguage): [string, FigureSpec][] {
  const metrics = run.summary.metrics;
  const line = (name: string, inkName: string, key: string, dashed = false) => ({
    ...series(name, inkName, metrics, key),
    dashed,
  });
  const name = LANGUAGE_NAMES[target];
  const classes = (field: string) => [
    line(name, 'class-target', `advantage/target/${field}`),
    line('mixed', 'class-mixed', `advantage/mixed/${field}`),
    line('English', 'class-english', `advantage/english/${field}`),
  ];
  return [
    [
      'words',
      shareFigure('Words of all completions', [
        line(name, `lang-${target}`, 'language/target_wr'),
        line('English', 'lang-en', 'language/en_wr'),
        line('other', 'lang-other', 'language/other_wr'),
      ]),
    ],
    [
      'ratios',
      lineFigure({
        title: 'Accuracy and word ratios',
        unit: 'share',
        scale: 'percent',
        series: [
          line('accuracy', 'text', 'accuracy'),
          line(`${name} WR`, `lang-${target}`, 'language/target_wr'),
          line(`${name} WR, rewarded`, `lang-${target}`, 'language/rewarded/target_wr', true),
          line('EN WR', 'lang-en', 'language/en_wr'),
        ],
      }),
    ],
    [
      'advantage',
      lineFigure({
        title: 'Advantage x tokens, by language of the completion',
        unit: 'sum over the step',
        scale: 'free',
        series: classes('sum'),
      }),
    ],
    [
      'reward-by-language',
      lineFigure({
        title: 'Mean reward, by language of the completion',
        unit: 'reward',
        scale: 'free',
        series: classes('reward'),
      }),
    ],
    [
      'share-by-language',
      lineFigure({ title: 'Completions, by language', unit: 'share', scale: 'percent', series: classes('share') }),
    ],
    [
      'length',
      lineFigure({
        title: 'Completion length',
        unit: 'tokens',
        scale: 'free',
        legend: false,
        series: [line('mean length', 'text', 'completions/mean_length')],
      }),
    ],
    [
      'entropy',
      lineFigure({
        title: 'Entropy of the next token',
        unit: 'nats',
        scale: 'free',
        legend: false,
        series: [line('entropy', 'text', 'entropy')],
      }),
    ],
  ];
}

async function completionsOf(runDir: string, options: ReportOptions): Promise<ShownCompletion[]> {
  const shown: ShownCompletion[] = [];
  for (const step of await chooseSteps(runDir, options.steps ?? 4)) {
    shown.push(...(await showCompletions(runDir, step, options.prompts ?? 2, options.each ?? 2)));
  }
  return shown;
}

/** Sentences about what happened, each from a number of the runs. */
export function story(runs: readonly ReportRun[], found: readonly Findings[], target: CountedLanguage): string[] {
  const name = LANGUAGE_NAMES[target];
  const lines: string[] = [];
  runs.forEach((run, i) => {
    const f = found[i]!;
    if (f.after === null) return;
    const words = change(f.before?.targetWrRewarded, f.after.targetWrRewarded);
    const accuracy = change(f.before?.accuracy, f.after.accuracy);
    const end = f.collapseStep === null ? '' : `; collapse at step ${f.collapseStep}`;
    lines.push(
      `${run.label}: ${name} words in right answers ${words}, accuracy on held-out problems ${accuracy} (${f.after.n} completions)${end}.`,
    );
  });
  const [a, b] = found;
  const price = a !== undefined && b !== undefined ? fidelityPrice(a, b) : null;
  if (price !== null) {
    lines.push(
      `Fidelity price, ${runs[1]!.label} against ${runs[0]!.label}: ${price.toFixed(2)} points of accuracy for each point of Target WR kept.`,
    );
  }
  return lines;
}

/** "went from a to b", "stayed at b", or "b" where nothing was measured before. */
function change(before: number | null | undefined, after: number | null): string {
  if (before === undefined || before === null || after === null) return percent(after);
  return Math.abs(after - before) < 0.01
    ? `stayed at ${percent(after)}`
    : `went from ${percent(before)} to ${percent(after)}`;
}

function facts(summary: RunSummary): [string, string][] {
  const rows: [string, string][] = [['run', summary.dir]];
  const walk = (value: unknown, path: string): void => {
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else if (value !== undefined) {
      rows.push([path, typeof value === 'string' ? value : JSON.stringify(value)]);
    }
  };
  walk(summary.config, '');
  return rows;
}
