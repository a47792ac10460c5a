import { GlossaError } from '../base/error.js';
import { permuted } from './permutation.js';
import type { DataSet, Problem } from './types.js';

/** Of the order of an epoch; sets have streams of their own from 1. */
const EPOCH_STREAM = 0;

interface Share {
  problems: readonly Problem[];
  /** Draws of this set in one epoch, and the first of its slots. */
  draws: number;
  first: number;
}

/**
 * An endless, weighted, shuffled stream of problems, by counter: the problem at an index is a function of the sets, the seed and
 * the index alone, so a resumed run has no state to load.
 *
 * An epoch has round(weight x size) slots for each set (at least one where the weight is above 0). With all weights 1, the
 * default, it is every problem exactly once. The slots of epoch e are shuffled by a permutation named (seed, e). The d-th draw
 * of a set, counted over all epochs, is the problem at place d mod size of the set's own shuffled order number floor(d / size).
 * So each set goes through all its problems before any comes again: with weight 2 twice an epoch, with weight 0.5 once in two.
 *
 * Errors: DATA_WEIGHT for a weight that is negative or not finite, or where no set has a weight above 0; DATA_EMPTY for a set
 * without problems.
 */
export function promptOrder(sets: readonly DataSet[], seed: bigint): (index: number) => Problem {
  const shares: Share[] = [];
  let length = 0;
  for (const { problems, settings } of sets) {
    const weight = settings.weight ?? 1;
    if (!Number.isFinite(weight) || weight < 0) {
      throw new GlossaError('DATA_WEIGHT', `${settings.path} has weight ${weight}, expected a number of 0 or more`);
    }
    if (problems.length === 0) throw new GlossaError('DATA_EMPTY', `${settings.path} has no problems to draw from`);
    const draws = weight === 0 ? 0 : Math.max(1, Math.round(weight * problems.length));
    shares.push({ problems, draws, first: length });
    length += draws;
  }
  if (length === 0) throw new GlossaError('DATA_WEIGHT', 'no data set has a weight above 0');

  return (index) => {
    const epoch = Math.floor(index / length);
    const slot = permuted(index % length, length, seed, EPOCH_STREAM, epoch);
    const set = shares.findLastIndex(({ first, draws }) => draws > 0 && first <= slot);
    const { problems, draws, first } = shares[set]!;
    const draw = epoch * draws + (slot - first);
    const pass = Math.floor(draw / problems.length);
    return problems[permuted(draw % problems.length, problems.length, seed, set + 1, pass)]!;
  };
}
