import type { FigureSpec, NamedFigures, Series } from '../figure.js';
import { fileNames } from '../labels.js';
import { lineFigure } from '../line_figure.js';
import { seriesInk } from '../palette.js';
import type { SupervisedRun } from './tables.js';

const OF_TOKENS = 'mean a token that has loss';

/** The figures of one run of supervised fine-tuning: its examples and each held-out set over the optimizer steps. */
export function supervisedFigures({ supervised: { of, heldOut } }: SupervisedRun): NamedFigures {
  const nats = (title: string, name: 'loss' | 'entropy'): FigureSpec =>
    lineFigure({
      title,
      of: OF_TOKENS,
      unit: 'nats',
      scale: 'free',
      series: [
        { name: 'examples it learns from', ink: 'text', points: of(name) },
        ...heldOut.map((each, i): Series => ({
          name: `held out: ${each.set}`,
          ...seriesInk(i),
          points: each.of(name),
          marks: true,
        })),
      ],
    });
  return [
    ['loss', nats('Loss', 'loss')],
    [
      'token-accuracy',
      lineFigure({
        title: 'Token accuracy',
        of: 'tokens with loss that were the most probable ones',
        unit: 'share',
        scale: 'share',
        legend: false,
        series: [{ name: 'token accuracy', ink: 'text', points: of('mean_token_accuracy') }],
      }),
    ],
    ['entropy', nats('Entropy of the next token', 'entropy')],
  ];
}

/** Runs in one figure: the loss of the examples each learns from, and of each held-out set that several of them have. */
export function supervisedSideBySide(runs: readonly SupervisedRun[]): NamedFigures {
  const sets = [...new Set(runs.flatMap(({ supervised }) => supervised.heldOut.map(({ set }) => set)))];
  const names = fileNames(sets);
  const figure = (title: string, series: Series[]): FigureSpec =>
    lineFigure({ title, of: OF_TOKENS, unit: 'nats', scale: 'free', series });
  const heldOut = sets.flatMap((set, i): NamedFigures => {
    const series = runs.flatMap(({ label, supervised }, run): Series[] => {
      const found = supervised.heldOut.find((each) => each.set === set);
      return found ? [{ name: label, ...seriesInk(run), points: found.of('loss'), marks: true }] : [];
    });
    return series.length < 2 ? [] : [[`held-out-loss-${names[i]!}`, figure(`Loss, held out: ${set}`, series)]];
  });
  const training = runs.map(({ label, supervised: { of } }, run): Series => ({
    name: label,
    ...seriesInk(run),
    points: of('loss'),
  }));
  return [['loss', figure('Loss, examples each learns from', training)], ...heldOut];
}
