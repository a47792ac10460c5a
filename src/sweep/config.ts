import { dirname } from 'node:path';
import {
  applyOverride,
  checkRaw,
  pathText,
  resolveFiles,
  settingPath,
  type ConfigPath,
  type Override,
  type ResolvedConfig,
} from '../config/index.js';
import { requireSetting } from './axes.js';
import type { Combination } from './expand.js';
import { placeIn, type SweepFile } from './file.js';
import type { SweepRecord, SweepRun } from './record.js';

type Settings = Record<string, unknown>;

/**
 * Settings that change no result, or that say where things lie: two configs that differ in these alone are
 * the same run.
 */
export const NEUTRAL = ['threads', 'kv_cache_gb', 'recompute', 'run', 'model.cache', 'checkpoint'] as const;

/** The values of settings that name files, from the folder of the sweep file. */
export function absolute(file: Pick<SweepFile, 'path'>, settings: Settings): Settings {
  const folder = dirname(file.path);
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, resolveFiles(value, folder, settingPath(name) ?? [])]),
  );
}

/** The config of a run as a user would write it, and as `npx glossa train` takes it. */
export function rawConfig(
  { base, spec }: Pick<SweepRecord, 'base' | 'spec'>,
  run: Pick<SweepRun, 'name' | 'settings'>,
): Settings {
  return build(base.config, run.name, overridesOf({ ...spec.set }).concat(overridesOf(run.settings)));
}

/** The config of a run. @throws GlossaError as `loadConfig` does. */
export function configOf(
  sweep: Pick<SweepRecord, 'base' | 'spec' | 'file'>,
  run: Pick<SweepRun, 'name' | 'settings'>,
): ResolvedConfig {
  return checkRaw(rawConfig(sweep, run), { path: sweep.base.path ?? sweep.file, overrides: [] });
}

function overridesOf(settings: Settings): Override[] {
  return Object.entries(settings).map(([name, value]) => ({
    path: settingPath(name)!,
    value,
    text: `${name}=${JSON.stringify(value)}`,
  }));
}

function build(base: Settings, name: string, overrides: readonly Override[]): Settings {
  const raw = structuredClone(base);
  for (const override of overrides) applyOverride(raw, override);
  return { ...raw, run: { name } };
}

/** Checks configs of runs, and says of what is wrong where it stands in the sweep file. */
export class ConfigCheck {
  private readonly places = new Map<string, { key: string; value: string }>();
  /** Where each arm, and each value of an axis, stands in its list. */
  private readonly arms: ReadonlyMap<string | undefined, number>;
  private readonly values = new Map<string, ReadonlyMap<string, number>>();

  constructor(private readonly file: SweepFile) {
    const { set, axes, arms = [] } = file.spec;
    this.arms = new Map(arms.map(({ name }, i) => [name, i]));
    for (const [setting, spec] of Object.entries(axes)) {
      const values = Array.isArray(spec) ? spec : (spec.values ?? []);
      this.values.set(setting, new Map(values.map((value, i) => [JSON.stringify(value), i])));
    }
    for (const name of Object.keys(set)) requireSetting(file, ['set', name]);
    arms.forEach((arm, i) => {
      for (const name of Object.keys(arm.set)) requireSetting(file, ['arms', i, 'set', name]);
    });
  }

  /** The arm's settings, the axes' values and the seed of a combination, with files as absolute paths. */
  settings({ arm, seed, values }: Combination): Settings {
    const ofArm = this.file.spec.arms?.[this.arms.get(arm)!]?.set ?? {};
    return absolute(this.file, { ...ofArm, ...values, ...(seed !== undefined && { seed }) });
  }

  /** @throws GlossaError as `loadConfig` does, with line and axis. */
  config({
    name,
    combination,
    settings,
  }: {
    name: string;
    combination: Combination;
    settings: Settings;
  }): ResolvedConfig {
    const { file } = this;
    const { spec, base } = file;
    const arm = this.arms.get(combination.arm) ?? -1;
    const given = [
      ...this.overrides(absolute(file, spec.set), (key) => [['set', key], 'set']),
      ...this.overrides(settings, (key) => {
        if (key in combination.values) return [this.axisPlace(key, combination.values[key]), `axis ${key}`];
        if (key === 'seed') return [['seeds'], 'seeds'];
        return [['arms', arm, 'set', key], `arm ${combination.arm ?? ''}`];
      }),
    ];
    const inFile = base.path === undefined;
    return checkRaw(build(base.config, name, given), {
      path: base.path ?? file.path,
      ...(inFile
        ? { doc: file.yaml.doc, lines: file.yaml.lines, within: ['base'] }
        : base.yaml && { doc: base.yaml.doc, lines: base.yaml.lines }),
      overrides: given,
    });
  }

  private overrides(settings: Settings, placed: (key: string) => [ConfigPath, string]): Override[] {
    return Object.entries(settings).map(([name, value]) => {
      const [at, label] = placed(name);
      return {
        path: settingPath(name)!,
        value,
        text: `${name}=${JSON.stringify(value)}`,
        place: this.place(at, label),
      };
    });
  }

  /** Looked up once: thousands of runs share a few values. */
  private place(at: ConfigPath, label: string): { key: string; value: string } {
    const id = pathText(at);
    const known = this.places.get(id);
    if (known) return known;
    const place = {
      key: `${placeIn(
        this.file,
        at.filter((part, i) => i < 2 || typeof part !== 'number' || at[0] === 'arms'),
        'key',
      )} (${label})`,
      value: `${placeIn(this.file, at)} (${label})`,
    };
    this.places.set(id, place);
    return place;
  }

  /** Of a value of an axis: of itself where it stands there, else of the axis. */
  private axisPlace(setting: string, value: unknown): ConfigPath {
    const spec = this.file.spec.axes[setting]!;
    const i = this.values.get(setting)!.get(JSON.stringify(value));
    if (i === undefined) return ['axes', setting];
    return Array.isArray(spec) ? ['axes', setting, i] : ['axes', setting, 'values', i];
  }
}
