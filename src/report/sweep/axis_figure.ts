import { greatest, least } from '../../base/extremes.js';
import { canvas, legendColumns, type FigureSpec, type Heading } from '../figure.js';
import { ink, SERIES_INK } from '../palette.js';

export interface AxisPoint {
  /** Value of the axis. */
  x: number | string;
  /** Mean over the seeds, and its interval where there are two or more. */
  mean: number;
  low: number | null;
  high: number | null;
  n: number;
  /** The arm, or what else makes a line of its own. */
  series: string;
}

export interface AxisFigure extends Heading {
  axis: string;
  unit: 'share' | 'number';
  /** Of the whole sweep, so that each has one colour in all figures; one alone has no legend. */
  series: readonly string[];
  points: readonly AxisPoint[];
  /** Default true; points of runs that differ in more than this axis have no line between them. */
  line?: boolean;
}

/** Means over an axis with their 95 % intervals: a line where the axis has numbers, points where it has words. */
export function axisFigure({ axis, unit, series, points, line = true, ...heading }: AxisFigure): FigureSpec {
  const numbers = points.every(({ x }) => typeof x === 'number');
  const colour = {
    field: 'series',
    type: 'nominal',
    scale: {
      domain: [...series],
      range: series.map((_, i) => ink(`series-${String(i % SERIES_INK.length)}`)),
    },
    legend: series.length > 1 ? { symbolType: 'stroke', columns: legendColumns(series) } : null,
  };
  const y = {
    type: 'quantitative',
    title: unit === 'share' ? 'share' : heading.title,
    ...(unit === 'share' ? { scale: { domain: [0, 1] } } : { scale: { zero: false, nice: true } }),
    axis: { tickCount: 5, format: unit === 'share' ? '.0%' : ',~g' },
  };
  // Arms at one value stand beside each other where the axis has words; on a number line each stands where it is.
  const beside = numbers || series.length < 2 ? {} : { xOffset: { field: 'series', type: 'nominal', sort: null } };
  return {
    ...canvas(heading),
    data: { values: points },
    encoding: { x: numbers ? numberAxis(axis, points) : wordAxis(axis, points), ...beside, color: colour },
    layer: [
      ...(numbers && line
        ? [{ mark: { type: 'line', strokeWidth: 2 }, encoding: { y: { field: 'mean', ...y } } }]
        : []),
      {
        transform: [{ filter: 'datum.low !== null' }],
        mark: { type: 'rule', strokeWidth: 1.5, clip: true },
        encoding: { y: { field: 'low', ...y }, y2: { field: 'high' } },
      },
      {
        mark: { type: 'point', filled: true, size: 40, opacity: 1 },
        encoding: { y: { field: 'mean', ...y } },
      },
    ],
  };
}

/** Values this many times apart, all above 0, are read on a logarithmic axis. */
const LOGARITHMIC = 20;

/** A small number has an exponent, as in the table. */
const LABEL =
  "abs(datum.value) < 0.001 && datum.value !== 0 ? format(datum.value, '.3~e') : format(datum.value, '.4~g')";

function numberAxis(title: string, points: readonly AxisPoint[]) {
  const values = [...new Set(points.map(({ x }) => x as number))].sort((a, b) => a - b);
  const logarithmic = least(values) > 0 && greatest(values) / least(values) >= LOGARITHMIC;
  return {
    field: 'x',
    type: 'quantitative',
    title,
    scale: { ...(logarithmic ? { type: 'log' } : { zero: false }), nice: false, padding: 14 },
    // Where few values were tried, these are the ticks.
    axis: { grid: false, labelExpr: LABEL, ...(values.length <= 8 && { values }) },
  };
}

function wordAxis(title: string, points: readonly AxisPoint[]) {
  const domain = [...new Set(points.map(({ x }) => x))];
  return {
    field: 'x',
    type: 'nominal',
    title,
    sort: null,
    scale: { domain, padding: 0.3 },
    axis: { grid: false, labelAngle: 0 },
  };
}
