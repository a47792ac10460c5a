import { sha256Of } from '../base/checksum.js';
import type { Axis } from './axes.js';
import type { Combination, Expansion } from './expand.js';

/** Characters of a name; file systems take 255 bytes, and the run's own files add theirs. */
const MOST = 150;
const MOST_OF_VALUE = 32;

/** A readable name for each run, unique and safe as a folder: `rewarded-temperature=0.7-seed=1`. */
export function nameRuns({ axes, combinations }: Expansion): string[] {
  const labels = axisLabels(axes);
  const texts = new Map(axes.map((axis) => [axis.setting, valueTexts(axis, combinations)]));
  const taken = new Map<string, number>();
  return combinations.map(({ arm, seed, values }) => {
    const parts = Object.entries(values).map(
      ([setting, value]) => `${labels.get(setting)!}=${texts.get(setting)!.get(JSON.stringify(value))!}`,
    );
    const full = [arm ?? [], parts, seed === undefined ? [] : `seed=${String(seed)}`].flat().join('-') || 'run';
    const short = full.length <= MOST ? full : `${full.slice(0, MOST - 9)}-${sha256Of(full).slice(0, 8)}`;
    // Case alone does not tell folders apart everywhere.
    const key = short.toLowerCase();
    const before = taken.get(key) ?? 0;
    taken.set(key, before + 1);
    return before === 0 ? short : `${short}-${String(before + 1)}`;
  });
}

/** The shortest ends of the settings' names that tell them apart. */
function axisLabels(axes: readonly Axis[]): Map<string, string> {
  const end = ({ path }: Axis, parts: number) => path.slice(-parts).join('.');
  return new Map(
    axes.map((axis) => {
      let parts = 1;
      const others = axes.filter((other) => other !== axis);
      while (
        parts < axis.path.length &&
        (typeof axis.path.at(-parts) === 'number' || others.some((other) => end(other, parts) === end(axis, parts)))
      )
        parts++;
      return [axis.setting, safe(axis.name ?? end(axis, parts))];
    }),
  );
}

/** How the values of an axis are written in names: as they are where that can be read, else by their place, `v2`. */
function valueTexts({ setting }: Axis, combinations: readonly Combination[]): Map<string, string> {
  const keys = [
    ...new Set(combinations.flatMap(({ values }) => (setting in values ? [JSON.stringify(values[setting])] : []))),
  ];
  const taken = new Set<string>();
  return new Map(
    keys.map((key, i) => {
      const value = JSON.parse(key) as unknown;
      const text = typeof value === 'object' ? '' : safe(valueText(value));
      if (text === '' || text.length > MOST_OF_VALUE || taken.has(text)) return [key, `v${String(i + 1)}`];
      taken.add(text);
      return [key, text];
    }),
  );
}

const valueText = (value: unknown): string =>
  typeof value === 'number' && value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : String(value);

const safe = (text: string): string => text.replaceAll(/[^\w.+-]+/g, '_');
