import { frame, type FigureSpec, type Heading, type Series } from './figure.js';

/** Shares over the steps, stacked to the whole: areas, and bars where a step stands alone between gaps. */
export function shareFigure(heading: Heading, parts: readonly Series[]): FigureSpec {
  const { spec, x, colour } = frame(heading, parts, true, 'square');
  const stacked = {
    y: {
      field: 'value',
      type: 'quantitative',
      stack: 'normalize',
      title: 'share of words',
      scale: { domain: [0, 1] },
      axis: { format: '.0%', tickCount: 5 },
    },
    color: colour,
    order: { field: 'layer', type: 'quantitative' },
  };
  return {
    ...spec,
    encoding: { x },
    layer: [
      {
        transform: [{ filter: '!datum.alone' }],
        mark: { type: 'area', opacity: 0.85, clip: true },
        encoding: { ...stacked, detail: { field: 'stretch' } },
      },
      {
        transform: [{ filter: 'datum.alone' }],
        mark: { type: 'bar', opacity: 0.85, size: 4 },
        encoding: stacked,
      },
    ],
  };
}
