import { showValue } from '../../metrics/index.js';
import { escapeHtml, table } from '../html.js';
import {
  isSupervised,
  meanOf,
  measuresOf,
  settingsOf,
  shortName,
  showAxis,
  type Setting,
  type SweepMeasure,
} from './settings.js';
import type { SweepPage, SweepPageRun } from './types.js';

/** What no line break parts. */
const whole = (text: string): string => `<span>${text}</span>`;

/** For each suite a row a setting, its seeds as mean and 95 % interval; collapses, which are of the training prompts, in the first. */
export function settingsTables(page: SweepPage): { group: string; html: string }[] {
  const measures = measuresOf(page);
  const groups = [...new Set(measures.map(({ group }) => group))];
  return (groups.length === 0 ? [''] : groups).map((group, i) => ({
    group,
    html: settingsTable(
      page,
      measures.filter((measure) => measure.group === group),
      i === 0 && !isSupervised(page),
    ),
  }));
}

function settingsTable(page: SweepPage, measures: readonly SweepMeasure[], collapses: boolean): string {
  const settings = settingsOf(page);
  const arms = settings.some(({ arm }) => arm !== null);
  const rows = settings.map((setting) => [
    ...(arms ? [escapeHtml(setting.arm ?? '-')] : []),
    ...page.axes.map((axis) => escapeHtml(showAxis(setting.axes[axis]))),
    finishedOf(setting),
    ...measures.map((measure) => meanCell(setting, measure)),
    ...(collapses ? [collapseCell(setting)] : []),
  ]);
  const axes = page.axes.map((axis) => escapeHtml(shortName(axis, page.axes)));
  const labels = measures.map(({ label }) => escapeHtml(label));
  const head = [...(arms ? ['arm'] : []), ...axes, 'finished', ...labels, ...(collapses ? ['collapse'] : [])];
  return table({ head, rows, texts: arms ? 1 : 0 });
}

const finishedOf = ({ runs, finished }: Setting): string =>
  whole(`${String(finished.length)} of ${String(runs.length)}`);

function meanCell(setting: Setting, measure: SweepMeasure): string {
  const found = meanOf(setting, measure);
  if (!found) return '-';
  const { mean, low, high, n } = found;
  const show = (value: number) => showValue(value, measure.unit);
  const count = n === setting.finished.length ? '' : whole(`n = ${String(n)}`);
  const interval = low === null || high === null ? '' : `${whole(show(low))} ${whole(`to ${show(high)}`)}`;
  const small = [interval, count].filter((part) => part !== '').join(', ');
  return `${whole(show(mean))}${small === '' ? '' : ` <small>${small}</small>`}`;
}

/** `3 of 4, step 12`: how many of the finished runs collapsed, and the median of their steps. */
function collapseCell({ finished }: Setting): string {
  if (finished.length === 0) return '-';
  const steps = finished.flatMap(({ collapseStep }) => collapseStep ?? []).sort((a, b) => a - b);
  if (steps.length === 0) return 'none';
  const middle = (steps[(steps.length - 1) >> 1]! + steps[steps.length >> 1]!) / 2;
  return `${whole(`${String(steps.length)} of ${String(finished.length)}`)} <small>${whole(`step ${String(middle)}`)}</small>`;
}

/** A row a run. */
export function runsTable(page: SweepPage): string {
  const collapses = !isSupervised(page);
  const measures = measuresOf(page);
  const rows = page.runs.map((run) => [
    escapeHtml(run.name),
    escapeHtml(stateOf(run)),
    run.steps === null ? '-' : `${String(run.steps)}${run.maxSteps === null ? '' : `/${String(run.maxSteps)}`}`,
    ...measures.map((measure) => showValue(measure.of(run), measure.unit)),
    ...(collapses ? [run.collapseStep === null ? 'none' : `step ${String(run.collapseStep)}`] : []),
  ]);
  const head = [
    'run',
    'state',
    'steps',
    ...measures.map(({ group, label }) => escapeHtml(`${group}: ${label}`)),
    ...(collapses ? ['collapse'] : []),
  ];
  return table({ head, rows, texts: 2 });
}

const stateOf = ({ state, error }: SweepPageRun): string => (error === null ? state : `${state}: ${error}`);
