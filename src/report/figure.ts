import { stretches, type Point } from '../analysis/index.js';
import { ink } from './palette.js';
import { greatest } from '../base/extremes.js';

/** A Vega-Lite specification: data, so that tests can read it. */
export type FigureSpec = Record<string, unknown>;

/** Figures by the name of their file, without ending. */
export type NamedFigures = [name: string, spec: FigureSpec][];

/** One measure of one run, suite and prompt language over the optimizer steps. */
export interface Series {
  /** Unique in its figure. */
  name: string;
  /** Name of a colour in the ink table. */
  ink: string;
  dashed?: boolean;
  /** Every value as a point. */
  marks?: boolean;
  points: readonly Point[];
}

/** A row of a figure's data. */
export interface Datum {
  step: number;
  value: number;
  series: string;
  /** Place of the series in the figure. */
  layer: number;
  /** Which stretch of the series it belongs to: nothing is drawn between two of them. */
  stretch: number;
  /** The only point of its stretch: a line has nothing to go to. */
  alone: boolean;
}

/** The known values of the series; a step without a value is a gap, neither a zero nor something to draw through. */
export function data(series: readonly Series[]): Datum[] {
  return series.flatMap(({ name, points }, layer) =>
    stretches(points).flatMap((points, stretch) =>
      points.map(({ step, value }) => ({ step, value, series: name, layer, stretch, alone: points.length === 1 })),
    ),
  );
}

/** Characters of a legend's line beside the symbols, of two columns together. */
const LEGEND_WIDTH = 46;

export function legendColumns(names: readonly string[]): 1 | 2 {
  const widest = (column: 0 | 1) =>
    Math.max(0, greatest(names.filter((_, i) => i % 2 === column).map((name) => name.length)));
  return widest(0) + widest(1) > LEGEND_WIDTH ? 1 : 2;
}

export interface Heading {
  title: string;
  /** Which prompts or completions it is about. */
  of?: string;
}

/** What every figure has: title, size, type and colours. */
export function canvas({ title, of }: Heading) {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: { text: title, ...(of !== undefined && { subtitle: of }) },
    // The whole figure, legend included, so that all figures of a page have one size and one size of type.
    width: 420,
    height: 280,
    autosize: { type: 'fit', contains: 'padding' },
    config: CONFIG,
  };
}

/** What line and area figures have in common: title, size, type, the axis of steps, and a colour for each series. */
export function frame(
  { title, of }: Heading,
  series: readonly Series[],
  legend: boolean,
  symbolType: 'stroke' | 'square',
) {
  const names = series.map((each) => each.name);
  return {
    spec: { ...canvas({ title, ...(of !== undefined && { of }) }), data: { values: data(series) } },
    x: {
      field: 'step',
      type: 'quantitative',
      title: 'optimizer step',
      scale: { nice: false, ...stepRange(series) },
      axis: { grid: false, tickMinStep: 1 },
    },
    colour: {
      field: 'series',
      type: 'nominal',
      scale: { domain: names, range: series.map((each) => ink(each.ink)) },
      legend: legend ? { symbolType, columns: legendColumns(names) } : null,
    },
  };
}

/** All steps of the series, those without a value too: a gap at an end is a gap. */
function stepRange(series: readonly Series[]): { domain?: [number, number] } {
  const steps = series.flatMap(({ points }) => points.map((point) => point.step));
  const range = steps.reduce<[number, number]>(
    ([low, high], step) => [Math.min(low, step), Math.max(high, step)],
    [Infinity, 0],
  );
  return range[0] < range[1] ? { domain: range } : {};
}

/** Type and colours. */
const CONFIG = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  title: { anchor: 'start', fontSize: 13, fontWeight: 600, color: ink('text'), subtitleColor: ink('quiet'), offset: 8 },
  axis: {
    domainColor: ink('rule'),
    tickColor: ink('rule'),
    gridColor: ink('rule'),
    labelColor: ink('quiet'),
    titleColor: ink('quiet'),
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 400,
  },
  legend: {
    labelColor: ink('text'),
    labelFontSize: 11,
    labelLimit: 380,
    symbolStrokeWidth: 3,
    columnPadding: 12,
    orient: 'top',
    title: null,
  },
};
