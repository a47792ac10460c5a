import { settingPath, type ConfigPath } from '../config/index.js';
import { AxisDraws } from './draws.js';
import { invalid, placeIn, type SweepFile } from './file.js';
import type { Condition, RangeSpec, SweepSpec } from './schema.js';

/** An axis, checked. */
export interface Axis {
  /** As it is written in the sweep file. */
  setting: string;
  path: ConfigPath;
  /** In the names of runs; where nothing is said, it is made from the setting. */
  name: string | undefined;
  when: Condition | undefined;
  /** What it is drawn from, or the values one after the other. */
  source: { kind: 'values'; values: readonly unknown[] } | { kind: 'range'; at: (share: number) => number };
}

/** Drawn numbers have so many digits: a run is what its name says. */
const DIGITS = 6;
/** What the sweep itself decides. */
const OWN = new Map<unknown, string>([
  ['seed', 'seeds are an axis of their own: `seeds: [1, 2, 3]`'],
  ['run', "the runs' names and folders are the sweep's"],
]);

/** @throws GlossaError SWEEP_INVALID naming line and axis. */
export function axesOf(file: SweepFile): Axis[] {
  const axes = Object.entries(file.spec.axes).map(([setting, spec]): Axis => {
    const range: RangeSpec = Array.isArray(spec) ? { values: spec } : spec;
    return {
      setting,
      path: requireSetting(file, ['axes', setting]),
      name: range.name,
      when: range.when,
      source: sourceOf(file, setting, range),
    };
  });
  axes.forEach(({ setting, path }, i) => {
    const hidden = axes.slice(0, i).find((before) => path.every((part, k) => part === before.path[k]));
    if (hidden)
      throw invalid(
        `${placeIn(file, ['axes', setting], 'key')}: ${setting}: its values take the place of those of ${hidden.setting}, which stands above`,
        'the axis of a whole section or list stands above those of its entries',
      );
  });
  return axes;
}

/** The path of the setting that the last part names. @throws GlossaError SWEEP_INVALID. */
export function requireSetting(file: SweepFile, at: ConfigPath): ConfigPath {
  const name = String(at.at(-1));
  const path = settingPath(name);
  if (path === undefined)
    throw invalid(`${placeIn(file, at, 'key')}: ${name}: expected the name of a setting, such as grpo.temperature`);
  const own = OWN.get(path[0]);
  if (own !== undefined) throw invalid(`${placeIn(file, at, 'key')}: ${name}: ${own}`);
  return path;
}

function sourceOf(file: SweepFile, setting: string, range: RangeSpec): Axis['source'] {
  const { values, from, to, count, spacing, uniform, log, int } = range;
  const refuse = (text: string) => invalid(`${placeIn(file, ['axes', setting])}: ${setting}: ${text}`);
  const stepped = from !== undefined || to !== undefined || count !== undefined || spacing !== undefined;
  if ([values, uniform, log, int].filter((kind) => kind !== undefined).length + Number(stepped) !== 1)
    throw refuse('expected one of values, {from, to, count}, uniform, log and int');
  if (values) {
    const unbounded = values.find((value): value is number => typeof value === 'number' && !Number.isFinite(value));
    if (unbounded !== undefined) throw refuse(`expected finite numbers, got ${String(unbounded)}`);
    return { kind: 'values', values };
  }
  if (stepped) {
    if (from === undefined || to === undefined || count === undefined) throw refuse('needs from, to and count');
    if (spacing === 'log' && (from <= 0 || to <= 0)) throw refuse('spacing log needs from and to above 0');
    const at = spacing === 'log' ? logarithmic(from, to) : linear(from, to);
    // The ends are what was written.
    const inner = (i: number) => (i === 0 ? from : i === count - 1 ? to : rounded(at(i / (count - 1))));
    return { kind: 'values', values: Array.from({ length: count }, (_, i) => inner(i)) };
  }
  const [a, b] = (uniform ?? log ?? int)!;
  if (a >= b) throw refuse(`expected [a, b] with a below b, got [${String(a)}, ${String(b)}]`);
  if (log && a <= 0) throw refuse(`log needs bounds above 0, got ${String(a)}`);
  if (int) {
    if (!Number.isSafeInteger(a) || !Number.isSafeInteger(b)) throw refuse('int needs whole numbers');
    return { kind: 'range', at: (share) => a + Math.floor(share * (b - a + 1)) };
  }
  return { kind: 'range', at: log ? logarithmic(a, b) : linear(a, b) };
}

const linear = (a: number, b: number) => (share: number) => a + share * (b - a);
const logarithmic = (a: number, b: number) => (share: number) =>
  Math.exp(Math.log(a) + share * (Math.log(b) - Math.log(a)));
const rounded = (value: number) => Number(value.toPrecision(DIGITS));

/** The values of an axis in each sample. */
export function drawn(axis: Axis, { method, sampling_seed: seed }: SweepSpec, samples: number): unknown[] {
  const draws = new AxisDraws(seed, axis.setting);
  const strata = method === 'latin_hypercube' ? draws.order(samples) : undefined;
  const [cells, cellOf] = strata ? [samples, (i: number) => strata[i]!] : [1, () => 0];
  return Array.from({ length: samples }, (_, i) => {
    const share = (cellOf(i) + draws.uniform(i)) / cells;
    const { source } = axis;
    if (source.kind === 'values') return source.values[Math.floor(share * source.values.length)];
    const value = source.at(share);
    const short = rounded(value);
    // Rounding must not leave the stratum that the draw is from.
    const low = source.at(cellOf(i) / cells);
    const high = source.at((cellOf(i) + 1) / cells);
    return short >= low && short < high ? short : value;
  });
}

export const isDrawn = ({ method }: SweepSpec): boolean => method === 'random' || method === 'latin_hypercube';
