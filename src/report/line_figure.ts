import { frame, type FigureSpec, type Heading, type Series } from './figure.js';

export interface LineFigure extends Heading {
  unit: string;
  /** share: the axis runs from 0 to 100 %. */
  scale: 'share' | 'free';
  series: readonly Series[];
  /** Default true. */
  legend?: boolean;
  /** Every value of every series as a point, for measures that are there at few steps; else those alone between gaps. */
  marks?: boolean;
}

/** Lines over optimizer steps. */
export function lineFigure({ unit, scale, series, legend = true, marks = false, ...heading }: LineFigure): FigureSpec {
  const { spec, x, colour } = frame(heading, series, legend, 'stroke');
  const marked = series.filter((each) => marks || each.marks === true).map(({ name }) => name);
  return {
    ...spec,
    encoding: {
      x,
      y: {
        field: 'value',
        type: 'quantitative',
        title: unit,
        ...(scale === 'share' ? { scale: { domain: [0, 1] } } : { scale: { zero: false, nice: true } }),
        // Without a format, a line that is flat has ticks of six decimals.
        axis: { tickCount: 5, format: scale === 'share' ? '.0%' : ',~g' },
      },
    },
    layer: [
      {
        mark: { type: 'line', strokeWidth: 2, interpolate: 'linear' },
        encoding: {
          detail: { field: 'stretch' },
          color: colour,
          strokeDash: {
            field: 'series',
            type: 'nominal',
            scale: { domain: colour.scale.domain, range: series.map((s) => (s.dashed === true ? [5, 3] : [1, 0])) },
            legend: colour.legend,
          },
        },
      },
      {
        transform: [{ filter: { or: ['datum.alone', { field: 'series', oneOf: marked }] } }],
        mark: { type: 'point', filled: true, size: 26, opacity: 1 },
        encoding: { color: colour },
      },
    ],
  };
}
