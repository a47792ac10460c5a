import { runModel } from '../analysis/index.js';
import { GlossaError } from '../base/error.js';
import type { RunSummary } from '../run/types.js';
import { alarmsOf } from './alarms.js';
import { chooseSteps, showCompletions, type ShownCompletion } from './completions.js';
import { facts } from './facts.js';
import type { FigureSpec, NamedFigures } from './figure.js';
import { fileNames, uniqueLabels } from './labels.js';
import { renderPage, type PageRun } from './page.js';
import { findPlace, writePlace } from './place.js';
import { runFigures } from './run_figures.js';
import { sideBySide } from './side_by_side.js';
import { supervisedSideBySide } from './supervised/figures.js';
import { isSupervised } from './supervised/tables.js';
import { story } from './story.js';
import { renderSvg, standaloneSvg } from './svg.js';
import { sweepFigures } from './sweep/sweep_figures.js';
import { renderSweepPage } from './sweep/sweep_page.js';
import type { SweepPage } from './sweep/types.js';

export type { SweepPage } from './sweep/types.js';

export interface ReportRun {
  /** Default: the end of the folder's path, as much of it as sets the run apart. */
  label?: string;
  summary: RunSummary;
}

export interface ReportOptions {
  title?: string;
  /** Rollout steps whose completions are shown (default 4), prompts of each step (2), completions of each prompt (2). */
  steps?: number;
  prompts?: number;
  each?: number;
  /** Also write every figure as an SVG file, into a folder beside the page: `report-figures/` of `report.html`. Default true. */
  svg?: boolean;
}

/**
 * Writes one self-contained HTML page about one or several runs to `out`, and its figures as SVG files beside it.
 * Runs are compared in the order given; prices are against the first.
 *
 * @throws GlossaError REPORT_EMPTY, USAGE (two runs of one name), REPORT_PLACE (something else lies there), IO_ERROR.
 */
export async function writeReport(runs: readonly ReportRun[], out: string, options: ReportOptions = {}): Promise<void> {
  const [first] = runs;
  if (first === undefined) throw new GlossaError('REPORT_EMPTY', 'a report needs at least one run');
  const labels = uniqueLabels(
    runs.map(({ label, summary: { dir } }) => ({ dir, ...(label !== undefined && { label }) })),
  );
  const place = await findPlace(out);
  const models = runs.map(({ summary }, i) => runModel(labels[i]!, summary));
  const names = fileNames(labels);
  const files = new Map<string, string>();
  const draw = (figures: NamedFigures, prefix: string) => drawAll(figures, prefix, files);
  const [supervised, grpo] = [models.filter(isSupervised), models.filter((model) => !isSupervised(model))];
  const comparison = [
    ...(grpo.length > 1 ? await draw(sideBySide(grpo), '') : []),
    ...(supervised.length > 1 ? await draw(supervisedSideBySide(supervised), '') : []),
  ];
  const pageRuns: PageRun[] = [];
  for (const [i, model] of models.entries()) {
    pageRuns.push({
      model,
      figures: await draw(runFigures(model), `${names[i]!}.`),
      alarms: await alarmsOf(model),
      completions: await completionsOf(model.dir, options),
      facts: facts(model),
    });
  }
  const question = grpo.length === 0 ? 'supervised fine-tuning' : 'which language does the model think in?';
  const title = options.title ?? `${first.summary.name}: ${question}`;
  const html = renderPage({ title, story: story(models), comparison, runs: pageRuns });
  await writePlace(place, html, options.svg === false ? new Map() : files);
}

/**
 * Writes one self-contained HTML page about a sweep to `out`, and its figures as SVG files beside it.
 *
 * @throws GlossaError REPORT_EMPTY, REPORT_PLACE (something else lies there), IO_ERROR.
 */
export async function writeSweepReport(
  page: SweepPage,
  out: string,
  { title }: { title?: string } = {},
): Promise<void> {
  if (page.runs.length === 0) throw new GlossaError('REPORT_EMPTY', `the sweep ${page.dir} has no runs`);
  const place = await findPlace(out);
  const files = new Map<string, string>();
  const drawn = await drawAll(sweepFigures(page), '', files);
  await writePlace(place, renderSweepPage(page, drawn, title), files);
}

/** Draws the figures that have something to show; each also as a file of its own. */
async function drawAll(figures: NamedFigures, prefix: string, files: Map<string, string>): Promise<string[]> {
  const drawn: string[] = [];
  for (const [name, spec] of figures.filter(([, spec]) => hasData(spec))) {
    const svg = await renderSvg(spec);
    files.set(`${prefix}${name}.svg`, standaloneSvg(svg));
    drawn.push(svg);
  }
  return drawn;
}

const hasData = (spec: FigureSpec): boolean => (spec['data'] as { values: unknown[] }).values.length > 0;

async function completionsOf(runDir: string, options: ReportOptions): Promise<ShownCompletion[]> {
  const shown: ShownCompletion[] = [];
  for (const step of await chooseSteps(runDir, options.steps ?? 4)) {
    shown.push(...(await showCompletions(runDir, step, options.prompts ?? 2, options.each ?? 2)));
  }
  return shown;
}
