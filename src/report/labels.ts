import { basename, dirname, resolve } from 'node:path';
import { GlossaError } from '../base/error.js';

/** A run to be shown: its folder, and what to call it where a name was given. */
export interface NamedRun {
  dir: string;
  label?: string;
}

/**
 * What each run is called on a page: its label, or else the end of its path, as much of it as sets it apart.
 *
 * @throws GlossaError USAGE where two runs have one label or are one folder.
 */
export function uniqueLabels(runs: readonly NamedRun[]): string[] {
  const paths = runs.map(({ dir }) => resolve(dir));
  refuseTwice(paths, (path) => `the run ${path} is named twice`);
  const labels = runs.map(({ label }, i) => label ?? shortest(paths[i]!, paths));
  refuseTwice(labels, (label) => `two runs are called ${label}`);
  return labels;
}

/** `run`, or `first/run` where another run's path ends alike. */
function shortest(path: string, paths: readonly string[]): string {
  const others = paths.filter((other) => other !== path);
  let label = basename(path);
  for (let rest = dirname(path); others.some((other) => other.endsWith(`/${label}`)) && rest !== dirname(rest);) {
    label = `${basename(rest)}/${label}`;
    rest = dirname(rest);
  }
  return label;
}

function refuseTwice(values: readonly string[], message: (value: string) => string): void {
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined)
    throw new GlossaError('USAGE', message(twice), { hint: 'name each run once; `label=folder` says what to call it' });
}

/** Labels as parts of file names: letters and digits of any script; numbered where two would be one. */
export function fileNames(labels: readonly string[]): string[] {
  const taken = new Set<string>();
  return labels.map((label, i) => {
    const plain = label
      .normalize('NFC')
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60);
    let name = plain === '' ? `run-${String(i + 1)}` : plain;
    while (taken.has(name)) name = `${name}-${String(i + 1)}`;
    taken.add(name);
    return name;
  });
}
