import { nearest } from '../base/suggest.js';
import { findMeasure, MEASURES } from '../metrics/index.js';
import { axesOf, drawn, isDrawn, type Axis } from './axes.js';
import { invalid, placeIn, type SweepFile } from './file.js';
import type { Condition } from './schema.js';

/** What one run is of the sweep. */
export interface Combination {
  arm: string | undefined;
  /** Undefined: the base's. */
  seed: number | undefined;
  /** Values of the axes that this run has, by setting. */
  values: Record<string, unknown>;
}

export interface Expansion {
  axes: Axis[];
  combinations: Combination[];
}

/** More is a mistake, and would not be listed either. */
const MOST_RUNS = 100_000;

/**
 * Every run that a sweep file asks for: arms, then axes as they are written, then seeds, the last changing fastest. Combinations
 * that come out the same (an axis that is not there for them, a draw made twice) are one.
 *
 * @throws GlossaError SWEEP_INVALID naming line and axis.
 */
export function expand(file: SweepFile): Expansion {
  const { spec } = file;
  const axes = axesOf(file);
  const arms = armsOf(file);
  const seeds = seedsOf(file);
  checkConditions(file, axes, arms, seeds);
  const samples = tuples(file, axes, arms.length * seeds.length);
  const seen = new Set<string>();
  const combinations: Combination[] = [];
  for (const arm of arms) {
    for (const sample of samples) {
      const values = present(axes, sample, arm);
      for (const seed of seeds) {
        const combination = { arm, seed, values };
        const key = JSON.stringify([arm, seed, values]);
        if (seen.has(key) || spec.skip.some((condition) => holds(condition, combination))) continue;
        seen.add(key);
        combinations.push(combination);
      }
    }
  }
  if (combinations.length === 0) throw invalid(`${placeIn(file, ['skip'], 'key')}: skip leaves no run`);
  return { axes, combinations };
}

function armsOf(file: SweepFile): (string | undefined)[] {
  const names = file.spec.arms?.map(({ name }) => name);
  if (!names) return [undefined];
  const i = repeated(names);
  if (i !== undefined)
    throw invalid(`${placeIn(file, ['arms', i, 'name'])}: arms[${String(i)}].name: ${names[i]!} is there twice`);
  return names;
}

function seedsOf(file: SweepFile): (number | undefined)[] {
  const { seeds } = file.spec;
  if (seeds === undefined) return [undefined];
  if (typeof seeds === 'number') return Array.from({ length: seeds }, (_, i) => i + 1);
  const i = repeated(seeds);
  if (i !== undefined) throw invalid(`${placeIn(file, ['seeds', i])}: seeds: ${String(seeds[i])} is there twice`);
  return seeds;
}

/** The first place of a value that stands before it too. */
function repeated(values: readonly unknown[]): number | undefined {
  const seen = new Set<unknown>();
  const i = values.findIndex((value) => seen.size === seen.add(value).size);
  return i < 0 ? undefined : i;
}

/** The values of the axes together, in the order of the axes. */
function tuples(file: SweepFile, axes: readonly Axis[], others: number): unknown[][] {
  const { spec } = file;
  const refuse = (setting: string, text: string) => invalid(`${placeIn(file, ['axes', setting])}: ${setting}: ${text}`);
  if (isDrawn(spec)) {
    if (spec.samples === undefined) throw invalid(`${placeIn(file, ['method'])}: method ${spec.method} needs samples`);
    if (axes.length === 0) throw invalid(`${placeIn(file, ['method'])}: method ${spec.method} needs axes to draw`);
    requireFew(file, others * spec.samples);
    const columns = axes.map((axis) => drawn(axis, spec, spec.samples!));
    return columns[0]!.map((_, i) => columns.map((column) => column[i]));
  }
  if (spec.samples !== undefined)
    throw invalid(`${placeIn(file, ['samples'], 'key')}: samples belongs to method random or latin_hypercube`);
  const lists = axes.map(({ setting, source }) => {
    if (source.kind === 'values') return source.values;
    throw refuse(
      setting,
      `a range has no values of its own: method random or latin_hypercube draws from it, {from, to, count} lists them`,
    );
  });
  axes.forEach(({ setting }, i) => {
    const texts = lists[i]!.map((value) => JSON.stringify(value));
    const twice = repeated(texts);
    if (spec.method === 'grid' && twice !== undefined) throw refuse(setting, `${texts[twice]!} is there twice`);
    if (spec.method === 'list' && lists[i]!.length !== lists[0]!.length)
      throw refuse(
        setting,
        `method list takes the axes side by side: expected ${String(lists[0]!.length)} values as ${axes[0]!.setting} has, got ${String(lists[i]!.length)}`,
      );
  });
  if (spec.method === 'list') return lists.length === 0 ? [[]] : lists[0]!.map((_, i) => lists.map((list) => list[i]));
  requireFew(
    file,
    lists.reduce((product, list) => product * list.length, others),
  );
  return lists.reduce<unknown[][]>((all, list) => all.flatMap((tuple) => list.map((value) => [...tuple, value])), [[]]);
}

function requireFew(file: SweepFile, runs: number): void {
  if (runs > MOST_RUNS)
    throw invalid(
      `${placeIn(file, ['axes'], 'key')}: axes: ${runs.toExponential(1)} runs; a sweep may have ${String(MOST_RUNS)}`,
      'method random with samples takes a part of them',
    );
}

/** The values of the axes that a run has: `when` looks at the arm and at the axes before. */
function present(axes: readonly Axis[], tuple: readonly unknown[], arm: string | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  axes.forEach(({ setting, when }, i) => {
    if (!when || holds(when, { arm, seed: undefined, values })) values[setting] = tuple[i];
  });
  return values;
}

function holds(condition: Condition, { arm, seed, values }: Combination): boolean {
  return Object.entries(condition).every(([name, wanted]) => {
    const value = name === 'arm' ? arm : name === 'seed' ? seed : values[name];
    const has = (one: unknown) => JSON.stringify(one) === JSON.stringify(value);
    return value !== undefined && (has(wanted) || (Array.isArray(wanted) && wanted.some(has)));
  });
}

/** A condition that names what is not there never holds: it is a slip; so is a baseline or a metric that is none. */
function checkConditions(
  file: SweepFile,
  axes: readonly Axis[],
  arms: readonly (string | undefined)[],
  seeds: readonly (number | undefined)[],
): void {
  const known = new Map<string, readonly unknown[] | undefined>(
    axes.map(({ setting, source }) => [setting, source.kind === 'values' ? source.values : undefined]),
  );
  const check = (
    condition: Condition,
    at: (string | number)[],
    names: ReadonlyMap<string, readonly unknown[] | undefined>,
  ) => {
    for (const [name, wanted] of Object.entries(condition)) {
      const place = placeIn(file, [...at, name], 'key');
      if (!names.has(name)) {
        const may = [...names.keys()].join(', ') || 'nothing: no arm and no axis stands above';
        throw invalid(`${place}: ${name}: a condition may name ${may}`);
      }
      const values = names.get(name);
      const among = (one: unknown) => values?.some((value) => JSON.stringify(value) === JSON.stringify(one)) ?? true;
      if (!among(wanted) && !(Array.isArray(wanted) && wanted.length > 0 && wanted.every(among)))
        throw invalid(
          `${place}: ${name} is never ${JSON.stringify(wanted)}; it is ${values!.map((value) => JSON.stringify(value)).join(', ')}`,
        );
    }
  };
  const before = new Map<string, readonly unknown[] | undefined>(arms[0] === undefined ? [] : [['arm', arms]]);
  for (const { setting, when } of axes) {
    if (when) check(when, ['axes', setting, 'when'], before);
    before.set(setting, known.get(setting));
  }
  const all = new Map(before);
  if (seeds[0] !== undefined) all.set('seed', seeds);
  const { baseline, halving } = file.spec;
  if (typeof baseline === 'object') check(baseline, ['baseline'], all);
  else if (baseline !== undefined && !arms.includes(baseline))
    throw invalid(`${placeIn(file, ['baseline'])}: baseline: no arm is called ${baseline}`);
  if (halving && !findMeasure(halving.metric)) {
    const near = nearest(
      halving.metric,
      MEASURES.map(({ name }) => name),
    );
    throw invalid(
      `${placeIn(file, ['halving', 'metric'])}: halving.metric: no metric is called ${halving.metric}${near ? `; did you mean ${near}?` : ''}`,
      'docs/metrics.md lists them',
    );
  }
  file.spec.skip.forEach((condition, i) => {
    check(condition, ['skip', i], all);
  });
}
