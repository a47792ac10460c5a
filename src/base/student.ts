import { nanStatistics } from './statistics.js';

/** A mean of `n` values; no interval of fewer than two. */
export interface MeanInterval {
  n: number;
  mean: number;
  low: number | null;
  high: number | null;
}

/** Mean and 95 % interval by Student's t; undefined of no value. */
export function meanInterval(values: readonly number[]): MeanInterval | undefined {
  const n = values.length;
  if (n === 0) return undefined;
  const { mean, std } = nanStatistics(values);
  if (n < 2) return { n, mean, low: null, high: null };
  const half = (studentQuantile(n - 1) * std) / Math.sqrt(n);
  return { n, mean, low: mean - half, high: mean + half };
}

/** Of a two-sided interval of 95 %: t with P(|T| <= t) = 0.95, of whole degrees of freedom. */
export function studentQuantile(degrees: number): number {
  let [low, high] = [0, 13];
  // 12.706 of one degree is the greatest.
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (within(middle, degrees) < 0.95) low = middle;
    else high = middle;
  }
  return high;
}

/** P(|T| <= t), finite sums for whole degrees of freedom (Abramowitz & Stegun 26.7.3 and 26.7.4). */
function within(t: number, degrees: number): number {
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = degrees % 2 === 1;
  let term = odd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= ((k - 1) / k) * cosine ** 2;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
