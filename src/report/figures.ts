import type { MetricsLine } from '../run/types.js';
import { ink } from './palette.js';

/** A Vega-Lite specification: data, so that tests can read it. */
export type FigureSpec = Record<string, unknown>;

export interface Series {
  name: string;
  /** Name of a colour in the ink table. */
  ink: string;
  dashed?: boolean;
  points: readonly { step: number; value: number | null }[];
}

/** The values of one metric over the steps of a run. */
export function series(name: string, inkName: string, metrics: readonly MetricsLine[], key: string): Series {
  return {
    name,
    ink: inkName,
    points: metrics.filter((line) => line.step > 0).map((line) => ({ step: line.step, value: line[key] ?? null })),
  };
}

export interface LineFigure {
  title: string;
  unit: string;
  /** percent: the axis runs from 0 to 100 %. */
  scale: 'percent' | 'free';
  series: readonly Series[];
  width?: number;
  height?: number;
  legend?: boolean;
}

/** The whole figure, legend included, so that all figures of a page have one size and one size of type. */
const WIDTH = 420;
const HEIGHT = 280;
/** Longer names do not fit beside each other in a legend. */
const LONG_NAME = 22;
const FIT = { type: 'fit', contains: 'padding' };

const CONFIG = {
  background: 'transparent',
  font: 'system-ui, sans-serif',
  view: { stroke: null },
  title: { anchor: 'start', fontSize: 13, fontWeight: 600, color: ink('text'), offset: 8 },
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
    labelFontSize: 12,
    labelLimit: 260,
    symbolStrokeWidth: 3,
    orient: 'top',
    title: null,
  },
};

/** Lines over optimizer steps; a step without a value is left out, never a zero: the line runs on to the next. */
export function lineFigure(figure: LineFigure): FigureSpec {
  const values = figure.series.flatMap((s) =>
    s.points.filter((p) => p.value !== null).map((p) => ({ step: p.step, value: p.value, series: s.name })),
  );
  const names = figure.series.map((s) => s.name);
  const legend = figure.legend === false ? null : { columns: names.some((name) => name.length > LONG_NAME) ? 1 : 2 };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: figure.title,
    width: figure.width ?? WIDTH,
    height: figure.height ?? HEIGHT,
    autosize: FIT,
    data: { values },
    config: CONFIG,
    mark: { type: 'line', strokeWidth: 2, interpolate: 'linear' },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'optimizer step', axis: { grid: false, tickMinStep: 1 } },
      y: {
        field: 'value',
        type: 'quantitative',
        title: figure.unit,
        ...(figure.scale === 'percent' ? { scale: { domain: [0, 1] } } : { scale: { zero: false, nice: true } }),
        axis: { tickCount: 5, ...(figure.scale === 'percent' ? { format: '.0%' } : {}) },
      },
      color: {
        field: 'series',
        type: 'nominal',
        scale: { domain: names, range: figure.series.map((s) => ink(s.ink)) },
        legend,
      },
      strokeDash: {
        field: 'series',
        type: 'nominal',
        scale: { domain: names, range: figure.series.map((s) => (s.dashed === true ? [5, 3] : [1, 0])) },
        legend,
      },
    },
  };
}

/** Shares of words in the target language, English and others over the steps, stacked to the whole. */
export function shareFigure(title: string, parts: readonly Series[], legend = true): FigureSpec {
  const values = parts.flatMap((s, layer) =>
    s.points.filter((p) => p.value !== null).map((p) => ({ step: p.step, value: p.value, part: s.name, layer })),
  );
  const names = parts.map((s) => s.name);
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title,
    width: WIDTH,
    height: HEIGHT,
    autosize: FIT,
    data: { values },
    config: CONFIG,
    mark: { type: 'area', opacity: 0.85, clip: true },
    encoding: {
      x: { field: 'step', type: 'quantitative', title: 'optimizer step', axis: { grid: false, tickMinStep: 1 } },
      y: {
        field: 'value',
        type: 'quantitative',
        stack: 'normalize',
        title: 'share of words',
        axis: { format: '.0%', tickCount: 5 },
      },
      color: {
        field: 'part',
        type: 'nominal',
        scale: { domain: names, range: parts.map((s) => ink(s.ink)) },
        ...(legend ? {} : { legend: null }),
      },
      order: { field: 'layer', type: 'quantitative' },
    },
  };
}
