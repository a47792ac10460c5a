import { philox4x32 } from '../base/philox.js';

/** A figure that is a quotient of sums over problems: what each problem adds to both sums. */
export interface Quotient {
  numerators: Float64Array;
  denominators: Float64Array;
}

export interface Interval {
  low: number;
  high: number;
}

/** Resamples; the ends of an interval of 95 % then move by about a fiftieth of its width from seed to seed. */
const RESAMPLES = 10_000;
/** One for all, so that a comparison says the same each time. */
const SEED = 20_250_605n;

/**
 * The 95 % interval of the difference b - a of figures of the same problems: paired bootstrap of the problems, percentile method
 * (Efron 1979), quantiles interpolated linearly. The problems are drawn with replacement, the same ones for both sides and for every
 * figure, so completions of one problem stay together. null where a figure has nothing to divide by in some of the resamples.
 *
 * @param pairs Figures of a and b; all over the same number of problems.
 */
export function pairedIntervals(
  pairs: readonly (readonly [a: Quotient, b: Quotient])[],
  { resamples = RESAMPLES, seed = SEED } = {},
): (Interval | null)[] {
  const problems = pairs[0]?.[0].numerators.length ?? 0;
  const differences = pairs.map(() => new Float64Array(resamples));
  const drawn = new Uint32Array(problems);
  for (let resample = 0; resample < resamples; resample++) {
    drawProblems(drawn, resample, seed);
    pairs.forEach(([a, b], i) => {
      differences[i]![resample] = figure(b, drawn) - figure(a, drawn);
    });
  }
  return differences.map((values) => {
    if (problems === 0 || values.some(Number.isNaN)) return null;
    values.sort();
    return { low: quantile(values, 0.025), high: quantile(values, 0.975) };
  });
}

/** Each by a counter of its own: 32 random bits times the number of problems, without what lies behind the point. */
function drawProblems(drawn: Uint32Array, resample: number, seed: bigint): void {
  for (let i = 0; i < drawn.length; i += 4) {
    const bits = philox4x32(seed, i >>> 2, resample, 0, 0);
    for (let k = 0; k < 4 && i + k < drawn.length; k++) drawn[i + k] = Math.floor((bits[k]! / 2 ** 32) * drawn.length);
  }
}

/** NaN where there is nothing to divide by. */
function figure({ numerators, denominators }: Quotient, drawn: Uint32Array): number {
  let above = 0;
  let below = 0;
  for (const problem of drawn) {
    above += numerators[problem]!;
    below += denominators[problem]!;
  }
  return above / below;
}

/** Of sorted values, between two neighbours in a straight line, as numpy.quantile has it. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low + (at - below) * (high - low);
}
