import { meanInterval, type MeanInterval } from '../../analysis/index.js';
import { languageName } from '../../language/index.js';
import { findMeasure, labelOf, lossSet, type Field } from '../../metrics/index.js';
import type { AxisValue, SweepPage, SweepPageRun } from './types.js';

/** The runs of one setting, which differ by their seeds alone. */
export interface Setting {
  arm: string | null;
  axes: Readonly<Record<string, AxisValue>>;
  runs: readonly SweepPageRun[];
  /** Only they count in means: what a run that stopped early has is of another step. */
  finished: readonly SweepPageRun[];
}

/** Runs by arm and values of the axes, in the order in which the sweep has them. */
export function settingsOf({ runs }: SweepPage): Setting[] {
  const groups = new Map<string, SweepPageRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.arm, run.axes]);
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  return [...groups.values()].map((group) => ({
    arm: group[0]!.arm,
    axes: group[0]!.axes,
    runs: group,
    finished: group.filter(({ state }) => state === 'finished'),
  }));
}

/** Mean over the seeds; undefined where no finished run has the figure. An interval of a share ends where shares do. */
export function meanOf({ finished }: Setting, { unit, of }: SweepMeasure): MeanInterval | undefined {
  const mean = meanInterval(finished.flatMap((run) => of(run) ?? []));
  const cut = (end: number | null) => end && Math.max(0, Math.min(1, end));
  return mean && unit === 'share' ? { ...mean, low: cut(mean.low), high: cut(mean.high) } : mean;
}

/** A measure of a sweep's page. */
export interface SweepMeasure {
  /** Of the figure's file. */
  name: string;
  /** The suite, and its language where it has several; measures of one have a table of their own. */
  group: string;
  label: string;
  /** Whether there is a figure beside the table. */
  drawn: boolean;
  /** A share is shown in per cent, on an axis from 0 to 100 %. */
  unit: 'share' | 'number';
  of: (run: SweepPageRun) => number | null;
}

const FIELDS: readonly Field[] = ['accuracy', 'clipped_ratio', 'target_wr', 'target_wr_rewarded'];
const DRAWN: readonly Field[] = ['accuracy', 'target_wr'];

/**
 * What of a sweep is shown: of every held-out suite and language accuracy, target words (of right answers too) and what was cut off;
 * of the training prompts where nothing is held out; prices, of the first suite, where there are any. Of supervised fine-tuning first
 * the held-out losses.
 */
export function measuresOf({ runs }: SweepPage): SweepMeasure[] {
  const names = [...new Set(runs.flatMap(({ figures }) => Object.keys(figures)))];
  const heldOut = names.filter((name) => findMeasure(name)?.suite !== undefined);
  const chosen = (heldOut.length > 0 ? heldOut : names).filter((name) => {
    const { measure } = findMeasure(name) ?? {};
    return measure?.field !== undefined && (FIELDS as readonly string[]).includes(measure.field);
  });
  const figures = inOrder(chosen).map((name): SweepMeasure => {
    const found = findMeasure(name)!;
    const label = labelOf(found);
    const language = found.language === undefined ? '' : ` (${languageName(found.language)})`;
    return {
      name: name.replaceAll('/', '-'),
      group: `${found.suite ?? 'training prompts'}${language}`,
      label,
      drawn: DRAWN.includes(found.measure.field as Field),
      unit: 'share',
      of: (run) => run.figures[name] ?? null,
    };
  });
  const losses = lossesOf(names, heldOut.length > 0);
  const [first] = figures;
  if (first === undefined || runs.every(({ price }) => price === null)) return [...losses, ...figures];
  const price = {
    name: 'price',
    label: 'fidelity price',
    drawn: true,
    unit: 'number',
    of: (run: SweepPageRun) => run.price,
  };
  const own = figures.filter(({ group }) => group === first.group);
  return [...losses, ...own, { ...price, group: first.group, unit: 'number' }, ...figures.slice(own.length)];
}

/** Of supervised fine-tuning: loss and perplexity of each held-out set; those of the examples where nothing is held out. */
function lossesOf(names: readonly string[], answered: boolean): SweepMeasure[] {
  const measure = (name: string, group: string, drawn: boolean): SweepMeasure => {
    const { measure } = findMeasure(name)!;
    return {
      ...{ name: name.replaceAll('/', '-'), group, label: measure.label, drawn },
      unit: measure.unit === 'share' ? 'share' : 'number',
      of: ({ figures }) => figures[name] ?? null,
    };
  };
  const heldOut = names.flatMap((name) => {
    const set = lossSet(name);
    if (set === undefined) return [];
    const group = `held-out set ${set}`;
    return [measure(name, group, true), measure(`eval_${set}/perplexity`, group, false)];
  });
  if (heldOut.length > 0 || answered || !names.includes('mean_token_accuracy')) return heldOut;
  return ['loss', 'mean_token_accuracy'].map((name) => measure(name, 'examples', true));
}

/** Whether every run that has made a step is one of supervised fine-tuning, which has no prompts to collapse on. */
export const isSupervised = ({ runs }: SweepPage): boolean =>
  runs.some(({ figures }) => 'mean_token_accuracy' in figures) && runs.every(({ figures }) => !('reward' in figures));

/** By suite and language as they come, and within them by field. */
function inOrder(names: readonly string[]): string[] {
  const place = (name: string) => name.slice(0, name.lastIndexOf('/') + 1);
  const places = [...new Set(names.map(place))];
  const rank = (name: string) => (FIELDS as readonly string[]).indexOf(findMeasure(name)!.measure.field!);
  return [...names].sort((a, b) => places.indexOf(place(a)) - places.indexOf(place(b)) || rank(a) - rank(b));
}

/**
 * What an axis is called where there is little room: the last part of its setting; with the part before it where that is the name of
 * an entry of a list (`language.weight`), and whole where two axes would have one name.
 */
export function shortName(setting: string, axes: readonly string[]): string {
  const short = (name: string) =>
    name
      .split('.')
      .slice(/^(?:rewards|data)\./.test(name) ? -2 : -1)
      .join('.');
  return axes.filter((other) => short(other) === short(setting)).length > 1 ? setting : short(setting);
}

/** A value as tables and axes show it. */
export function showAxis(value: AxisValue | undefined): string {
  if (value === undefined || value === null) return '-';
  if (typeof value !== 'number') return String(value);
  const short = Number(value.toPrecision(4));
  return short !== 0 && (Math.abs(short) < 1e-3 || Math.abs(short) >= 1e6) ? short.toExponential() : String(short);
}
