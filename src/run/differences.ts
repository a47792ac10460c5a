/** Something that a run was started with and that is otherwise now. */
export interface Difference {
  /** A setting, a file, or what the run runs on. */
  what: string;
  then: string;
  now: string;
}

/** Settings that two configs, or two records, have otherwise, by their dotted names. */
export function settingDifferences(then: unknown, now: unknown): Difference[] {
  const [before, after] = [flatten(then), flatten(now)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.flatMap((what) => {
    const [a, b] = [before.get(what) ?? 'not set', after.get(what) ?? 'not set'];
    return a === b ? [] : [{ what, then: a, now: b }];
  });
}

/** A config as some version of glossa has written it, and as this version reads it. */
export interface RecordedConfig {
  written: unknown;
  /** Without the settings that there are no longer, and with the defaults of those that there were not yet. */
  read: unknown;
}

/**
 * What a config has otherwise than the recorded one. A setting that its version had not is what its default makes of it now, and
 * told as such.
 */
export function configDifferences({ written, read }: RecordedConfig, now: unknown): Difference[] {
  const added = missing(read, written);
  return settingDifferences(read, now).map((one) =>
    isUnder(one.what, added) ? { ...one, then: 'not in that version' } : one,
  );
}

/** What a config loses by being read by this version: settings that there are no longer. The defaults that it gains change nothing. */
export function readingDifferences({ written, read }: RecordedConfig): Difference[] {
  const [added, gone] = [missing(read, written), missing(written, read)];
  return settingDifferences(written, read)
    .filter(({ what }) => !isUnder(what, added))
    .map((one) => (isUnder(one.what, gone) ? { ...one, now: 'not in this version' } : one));
}

/** Settings, sections and entries of `config` that `other` has not; what is within them is not named again. */
function missing(config: unknown, other: unknown, name = ''): string[] {
  if (!isBranch(config) || !isBranch(other)) return [];
  return Object.entries(config).flatMap(([key, child]) => {
    const inner = nameWithin(name, config, key);
    return Object.hasOwn(other, key) ? missing(child, (other as Record<string, unknown>)[key], inner) : [inner];
  });
}

/** Whether a setting is one of these or within one of them; entries go by `[0]` or `.0`. */
export function isUnder(name: string, settings: readonly string[]): boolean {
  const dotted = dots(name);
  return settings.map(dots).some((setting) => dotted === setting || dotted.startsWith(`${setting}.`));
}

const dots = (name: string) => name.replaceAll(/\[(\d+)\]/g, '.$1');

/** `grpo.max_steps`, `rewards[0].weight` and their values as JSON. A section of nothing has no settings. */
function flatten(value: unknown, name = '', into = new Map<string, string>()): Map<string, string> {
  if (value === undefined) return into;
  if (!isBranch(value) || (Array.isArray(value) && value.length === 0)) {
    into.set(name, JSON.stringify(value));
    return into;
  }
  for (const [key, child] of Object.entries(value)) flatten(child, nameWithin(name, value, key), into);
  return into;
}

const isBranch = (value: unknown): value is object => typeof value === 'object' && value !== null;

function nameWithin(name: string, parent: object, key: string): string {
  return Array.isArray(parent) ? `${name}[${key}]` : name ? `${name}.${key}` : key;
}

/** Differences that are told one by one. */
const MOST_TOLD = 20;

/** A line for each of the first differences; long values are cut. */
export function differencesText(differences: readonly Difference[]): string {
  const short = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}...` : text);
  const told = differences.slice(0, MOST_TOLD);
  const lines = told.map(({ what, then, now }) => `  ${what}: ${short(then)} then, ${short(now)} now`);
  const rest = differences.length - told.length;
  return [...lines, ...(rest > 0 ? [`  and ${String(rest)} more`] : [])].join('\n');
}
