import { axisFigure, type AxisPoint } from './axis_figure.js';
import { heatFigure } from './heat_figure.js';
import type { FigureSpec } from '../figure.js';
import { fileNames } from '../labels.js';
import { meanOf, measuresOf, settingsOf, shortName, showAxis, type Setting, type SweepMeasure } from './settings.js';
import type { AxisValue, SweepPage } from './types.js';

/** Heat maps and curves of a page are not more than this; the table has everything. */
const MOST_FIGURES = 48;
/** Values of an axis that a heat map has room for. */
const MOST_CELLS = 12;

/**
 * The figures of a sweep. No axis: the arms beside each other; one: a curve with an interval, a line for each arm; two: a heat map for
 * each arm; more: heat maps of the first two for each combination of the rest. Two axes whose values were drawn, so that there is no
 * grid, are shown one by one.
 */
export function sweepFigures(page: SweepPage): [name: string, spec: FigureSpec][] {
  const settings = settingsOf(page).filter(({ finished }) => finished.length > 0);
  const axes = page.axes.filter((axis) => new Set(settings.map((each) => each.axes[axis])).size > 1);
  const [first, second, ...rest] = axes;
  return measuresOf(page)
    .filter(({ drawn }) => drawn)
    .flatMap((measure): [string, FigureSpec][] => {
      if (first === undefined) return armFigure(settings, measure);
      if (second === undefined) return [curve(page, settings, measure, first)];
      if (!isGrid(settings, first, second))
        return axes.map((axis) => curve(page, settings, measure, axis, { line: false }));
      return heatMaps(page, settings, measure, [first, second, ...rest]);
    })
    .slice(0, MOST_FIGURES);
}

function armFigure(settings: readonly Setting[], measure: SweepMeasure): [string, FigureSpec][] {
  const points = settings.flatMap((setting) => pointOf(setting, measure, showAxis(setting.arm), 'arms'));
  if (settings.length < 2 || points.length === 0) return [];
  return [
    [
      `${measure.name}.arms`,
      axisFigure({ title: titleOf(measure), axis: 'arm', unit: measure.unit, series: ['arms'], points }),
    ],
  ];
}

function curve(
  page: SweepPage,
  settings: readonly Setting[],
  measure: SweepMeasure,
  axis: string,
  { line = true } = {},
): [string, FigureSpec] {
  const name = (arm: string | null) => arm ?? 'all';
  const points = settings.flatMap((setting) => {
    const value = setting.axes[axis];
    // An arm that has not the axis has no place on it.
    return value === undefined || value === null
      ? []
      : pointOf(setting, measure, typeof value === 'number' ? value : showAxis(value), name(setting.arm));
  });
  const series = [...new Set(settings.map(({ arm }) => name(arm)))];
  const title = shortName(axis, page.axes);
  return [
    `${measure.name}.${fileNames([title])[0]!}`,
    axisFigure({
      title: titleOf(measure),
      of: `mean and 95 % interval by ${title}`,
      axis,
      unit: measure.unit,
      series,
      points,
      line,
    }),
  ];
}

function pointOf(setting: Setting, measure: SweepMeasure, x: number | string, series: string): AxisPoint[] {
  const mean = meanOf(setting, measure);
  return mean ? [{ x, ...mean, series }] : [];
}

/** Few values of both, and most of their crossings tried. */
function isGrid(settings: readonly Setting[], first: string, second: string): boolean {
  const [xs, ys] = [valuesOf(settings, first), valuesOf(settings, second)];
  const crossings = new Set(settings.map(({ axes }) => JSON.stringify([axes[first], axes[second]])));
  return xs.length <= MOST_CELLS && ys.length <= MOST_CELLS && crossings.size >= (xs.length * ys.length) / 2;
}

function heatMaps(
  page: SweepPage,
  settings: readonly Setting[],
  measure: SweepMeasure,
  [first, second, ...rest]: [string, string, ...string[]],
): [string, FigureSpec][] {
  const groups = new Map<string, Setting[]>();
  for (const setting of settings) {
    const label = groupLabel(setting, rest, page.axes);
    groups.set(label, [...(groups.get(label) ?? []), setting]);
  }
  const names = fileNames([...groups.keys()]);
  const axis = (setting: string) => ({ title: setting, values: valuesOf(settings, setting).map(showAxis) });
  return [...groups].flatMap(([label, group], i): [string, FigureSpec][] => {
    const cells = group.flatMap((setting) => {
      const mean = meanOf(setting, measure);
      if (!mean || setting.axes[first] == null || setting.axes[second] == null) return [];
      return [{ x: showAxis(setting.axes[first]), y: showAxis(setting.axes[second]), mean: mean.mean, n: mean.n }];
    });
    const heading = { title: titleOf(measure), of: label === '' ? 'mean over seeds' : `${label}, mean over seeds` };
    const spec = heatFigure({ ...heading, x: axis(first), y: axis(second), unit: measure.unit, cells });
    return cells.length === 0 ? [] : [[label === '' ? measure.name : `${measure.name}.${names[i]!}`, spec]];
  });
}

const titleOf = ({ group, label }: SweepMeasure): string => `${group}: ${label}`;

function groupLabel({ arm, axes }: Setting, rest: readonly string[], all: readonly string[]): string {
  return [
    ...(arm === null ? [] : [arm]),
    ...rest.map((axis) => `${shortName(axis, all)} ${showAxis(axes[axis])}`),
  ].join(', ');
}

/** All values of an axis: numbers by size, others as they come. */
function valuesOf(settings: readonly Setting[], axis: string): AxisValue[] {
  const values = [...new Set(settings.map(({ axes }) => axes[axis] ?? null))].filter((value) => value !== null);
  return values.every((value) => typeof value === 'number') ? values.sort((a, b) => a - b) : values;
}
