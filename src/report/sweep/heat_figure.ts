import { least, greatest } from '../../base/extremes.js';
import { showValue } from '../../metrics/index.js';
import { canvas, type FigureSpec, type Heading } from '../figure.js';
import { HEAT_INK, ink } from '../palette.js';

export interface HeatCell {
  /** Values of the two axes, as they are shown. */
  x: string;
  y: string;
  mean: number;
  /** Finished runs. */
  n: number;
}

export interface HeatFigure extends Heading {
  /** Axes: what they are called, and their values in order. */
  x: { title: string; values: readonly string[] };
  y: { title: string; values: readonly string[] };
  unit: 'share' | 'number';
  /** A cell of which no run has finished is not among them, and stays empty. */
  cells: readonly HeatCell[];
}

/** The mean over the seeds at each crossing of two axes, written into its cell. */
export function heatFigure({ x, y, unit, cells, ...heading }: HeatFigure): FigureSpec {
  const scale = rangeOf(unit, cells);
  const values = cells.map((cell) => {
    const level = levelOf(cell.mean, scale);
    return { ...cell, level: String(level), text: showValue(cell.mean, unit), dark: level >= FIRST_DARK };
  });
  const axis = { labelAngle: 0, grid: false, domain: false, ticks: false, labelLimit: 120 };
  return {
    ...canvas(heading),
    data: { values },
    encoding: {
      x: {
        field: 'x',
        type: 'nominal',
        title: x.title,
        sort: null,
        scale: { domain: [...x.values], padding: 0.03 },
        axis,
      },
      // The greatest at the top, as on a number line.
      y: {
        field: 'y',
        type: 'nominal',
        title: y.title,
        sort: null,
        scale: { domain: [...y.values].reverse(), padding: 0.03 },
        axis,
      },
    },
    layer: [
      {
        mark: { type: 'rect' },
        encoding: {
          fill: {
            field: 'level',
            type: 'nominal',
            scale: {
              domain: HEAT_INK.map((_, i) => String(i)),
              range: HEAT_INK.map((_, i) => ink(`heat-${String(i)}`)),
            },
            legend: null,
          },
        },
      },
      {
        mark: { type: 'text', fontSize: x.values.length > 7 ? 9 : 12 },
        encoding: {
          text: { field: 'text', type: 'nominal' },
          fill: {
            condition: { test: 'datum.dark', value: ink('ground') },
            value: ink('text'),
          },
        },
      },
    ],
  };
}

/** From this level on writing has the colour of the ground. */
const FIRST_DARK = 4;

/** A share from 0 to 1, so that figures can be held beside each other; else from the least to the greatest. */
function rangeOf(unit: HeatFigure['unit'], cells: readonly HeatCell[]): [low: number, high: number] {
  if (unit === 'share') return [0, 1];
  const means = cells.map(({ mean }) => mean);
  return [least(means), greatest(means)];
}

function levelOf(mean: number, [low, high]: [number, number]): number {
  if (!(high > low)) return 0;
  return Math.max(0, Math.min(HEAT_INK.length - 1, Math.floor(((mean - low) / (high - low)) * HEAT_INK.length)));
}
