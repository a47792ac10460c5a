import { GlossaError } from '../base/error.js';
import { scheduleAt } from '../base/schedule.js';
import { selected } from './load.js';
import type { DrawnSet, Problems } from './types.js';
import { weightFault, type Weight } from './weight.js';

/** Problems that are drawn alike: a set, or a level of one. */
export interface Pool {
  /** As errors call it. */
  name: string;
  problems: Problems;
  /** How often each of its problems comes: the product of these. */
  weights: readonly Weight[];
}

/**
 * The pools of these sets: one of each set, or, of one whose settings weigh levels, one of each level that is weighed, in the
 * order of the settings, and after them one of its other problems.
 *
 * Errors: DATA_WEIGHT for a weight that is none; DATA_EMPTY for a set without problems; DATA_DRY for a level without problems.
 */
export function poolsOf(sets: readonly DrawnSet[]): Pool[] {
  return sets.flatMap((set) => {
    const { problems, settings } = set;
    const { path, weight = 1, levels } = settings;
    requireWeight(path, weight);
    if (problems.length === 0) throw new GlossaError('DATA_EMPTY', `${path} has no problems to draw from`);
    if (levels === undefined) return { name: path, problems, weights: [weight] };
    const byLevel = new Map<string | undefined, number[]>(Object.keys(levels).map((level) => [level, []]));
    const others: number[] = [];
    let number = 0;
    for (const { level } of problems) (byLevel.get(level) ?? others).push(number++);
    const those = (numbers: readonly number[]) => selected(problems, Uint32Array.from(numbers));
    const pools = Object.entries(levels).map(([level, factor]): Pool => {
      const name = `${path} level ${level}`;
      requireWeight(name, factor);
      const found = byLevel.get(level)!;
      if (found.length === 0) throw noLevel(level, set);
      return { name, problems: those(found), weights: [weight, factor] };
    });
    return others.length === 0
      ? pools
      : [...pools, { name: `${path} other levels`, problems: those(others), weights: [weight] }];
  });
}

/** The weight of a pool when `step` optimizer steps have been made. */
export function poolWeight({ weights }: Pool, step: number): number {
  return weights.reduce<number>((product, weight) => product * scheduleAt(weight, step), 1);
}

function requireWeight(name: string, weight: Weight): void {
  const fault = weightFault(weight);
  if (fault !== undefined) throw new GlossaError('DATA_WEIGHT', `${name} has weight ${fault}`);
}

function noLevel(level: string, { problems, heldOut = [], counts: read, settings: { path } }: DrawnSet): GlossaError {
  const counts = new Map<string, number>();
  for (const { level: own = '' } of problems) counts.set(own, (counts.get(own) ?? 0) + 1);
  const shown = [...counts].slice(0, 12).map(([own, n]) => `${JSON.stringify(own)} (${n})`);
  let ofLevel = 0;
  for (const { level: own } of heldOut) ofLevel += Number(own === level);
  const left = [
    ...(heldOut.length > 0
      ? [`${heldOut.length} problems are held out and not trained on, ${ofLevel} of this level among them`]
      : []),
    ...(read && read.skipped > 0 ? [`${read.skipped} bad rows were left out`] : []),
  ];
  return new GlossaError(
    'DATA_DRY',
    `${path} has no problem of level ${JSON.stringify(level)}; it has ${shown.join(', ')}${counts.size > 12 ? ', ...' : ''}${left.map((text) => `; ${text}`).join('')}`,
    {
      hint:
        ofLevel > 0
          ? 'take the level out of `levels`, or hold less of it out (data.eval, data.hold_out)'
          : 'name levels as the file does, or the field they stand in under `fields.level`',
    },
  );
}
