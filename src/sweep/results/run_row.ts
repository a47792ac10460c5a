import { least } from '../../base/extremes.js';
import { collapse, fidelityPrices, known, pointsOf, runModel, type RunModel } from '../../analysis/index.js';
import { findMeasure, isTiming, lessIsBetter, lossSet } from '../../metrics/index.js';
import type { MetricsLine, RunRecord, RunSummary } from '../../run/index.js';
import type { RunState } from '../state.js';
import type { SweepRun } from '../record.js';
import { axisCell, type Cell, type Column } from './columns.js';

/** What of a run's folder its row is made of; a run that has not begun has no record. */
export interface ReadRun {
  state: RunState | 'broken';
  /** Of a folder that cannot be read. */
  broken?: { code: string; message: string };
  record?: RunRecord;
  summary?: RunSummary;
}

/** Measures whose best value is of interest; the greatest is the best. Of a held-out loss it is the least. */
const BEST = ['reward', 'accuracy', 'language/target_wr', 'language/rewarded/target_wr'];

/** A row of runs.parquet and its columns, in their order. */
export interface RunRow {
  columns: Column[];
  row: Record<string, Cell>;
}

/** @param baseline The run that it is priced against. */
export function runRow(
  run: SweepRun,
  axes: readonly Column[],
  read: ReadRun,
  baseline: RunSummary | undefined,
): RunRow {
  const { summary, record } = read;
  const model = summary && runModel(run.name, summary);
  const all: [Column['type'], string, Cell | undefined][] = [
    ...identity(run, axes),
    ['text', 'state', read.state],
    ['text', 'error_code', (read.broken ?? failure(record))?.code],
    ['text', 'error', (read.broken ?? failure(record))?.message],
    ['integer', 'steps', model?.steps],
    ['integer', 'max_steps', model?.maxSteps],
    ...collapseSteps(model),
    ...prices(model, baseline),
    ...places(record),
    ['number', 'step_seconds', summary && stepSeconds(summary.metrics)],
    ...figures(summary?.metrics ?? []),
  ];
  // `threads` and `device` may be axes, and their columns are there already.
  const names = all.map(([, name]) => name);
  const entries = all.filter(([, name], i) => names.indexOf(name) === i);
  return {
    columns: entries.map(([type, name]) => ({ name, type })),
    row: Object.fromEntries(entries.map(([, name, value]) => [name, value ?? null])),
  };
}

/** What every row of a run begins with, in both tables. */
export function identity(run: SweepRun, axes: readonly Column[]): [Column['type'], string, Cell][] {
  return [
    ['text', 'run', run.name],
    ['integer', 'index', run.index],
    ['text', 'arm', run.arm],
    ['integer', 'seed', run.seed],
    ...axes.map(({ name, type }): [Column['type'], string, Cell] => [type, name, axisCell(run.values[name], type)]),
  ];
}

const failure = (record: RunRecord | undefined) => (record?.status === 'failed' ? record.error : undefined);

/** The first collapse in any of the training languages; where they are several, also each one's. */
function collapseSteps(model: RunModel | undefined): ['integer', string, number | null][] {
  const found = (model?.training ?? []).map(({ language, of }) => ({
    language,
    step: collapse(of('target_wr_rewarded')).step,
  }));
  const steps = found.flatMap(({ step }) => (step === null ? [] : [step]));
  return [
    ['integer', 'collapse_step', steps.length === 0 ? null : least(steps)],
    ...(found.length < 2 ? [] : found).map(({ language, step }): ['integer', string, number | null] => [
      'integer',
      `collapse_step.${String(language)}`,
      step,
    ]),
  ];
}

/** Of the first suite in a training language; where there are several, also of each. */
function prices(model: RunModel | undefined, baseline: RunSummary | undefined): ['number', string, number | null][] {
  const trained = (model?.suites ?? []).filter((suite) => suite.trained);
  const found = model && baseline ? fidelityPrices(runModel('baseline', baseline), model) : [];
  const of = (suite: string, language: string) =>
    found.find((price) => price.suite === suite && price.language === language)?.price ?? null;
  const [first] = trained;
  return [
    ['number', 'price', first ? of(first.suite, first.language) : null],
    ...(trained.length < 2 ? [] : trained).map(({ suite, language }): ['number', string, number | null] => [
      'number',
      `price.${suite}/${language}`,
      of(suite, language),
    ]),
  ];
}

/** When, where and by what it was computed. */
function places(record: RunRecord | undefined): [Column['type'], string, Cell | undefined][] {
  const machine = record?.machine;
  const engine = record?.model as { device?: string; isa: string; threads?: number } | undefined;
  return [
    ['time', 'started', time(record?.started)],
    ['time', 'ended', record?.status === 'running' ? null : time(record?.ended)],
    ['integer', 'resumed', record?.resumed.length],
    ['text', 'host', machine?.host],
    ['text', 'cpu', machine?.cpu],
    ['integer', 'cores', machine?.cores],
    ['integer', 'threads', engine?.threads],
    ['text', 'device', engine?.device],
    ['text', 'isa', engine?.isa],
    ['text', 'glossa', machine?.glossa],
    ['text', 'commit', machine?.commit],
  ];
}

function time(text: string | undefined): string | null {
  const at = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

function stepSeconds(lines: readonly MetricsLine[]): number {
  return lines.reduce((sum, line) => sum + (line.step_time ?? 0), 0);
}

/** `final.<name>`: of the last line that names it. `best.<name>`, `best_step.<name>`: the best, and where it first was. */
function figures(lines: readonly MetricsLine[]): [Column['type'], string, number | null][] {
  const names = metricNames(lines).filter((name) => !isTiming(name));
  return names.flatMap((name) => {
    const final = lines.findLast((line) => Object.hasOwn(line, name)) as Record<string, number | null> | undefined;
    const entries: [Column['type'], string, number | null][] = [['number', `final.${name}`, final?.[name] ?? null]];
    if (lossSet(name) === undefined && !BEST.includes(findMeasure(name)?.measure.name ?? '')) return entries;
    const less = lessIsBetter(name);
    const best = known(pointsOf(lines, name)).reduce<{ step: number; value: number } | undefined>(
      (best, point) =>
        best === undefined || (less ? point.value < best.value : point.value > best.value) ? point : best,
      undefined,
    );
    return [
      ...entries,
      ['number', `best.${name}`, best?.value ?? null],
      ['integer', `best_step.${name}`, best?.step ?? null],
    ];
  });
}

/** All names of lines of metrics but `step`, in the order of their first appearance. */
export function metricNames(lines: readonly MetricsLine[]): string[] {
  const names = new Set(lines.flatMap((line) => Object.keys(line)));
  names.delete('step');
  return [...names];
}
