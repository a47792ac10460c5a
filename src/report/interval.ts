/** Standard normal quantile of a two-sided interval of 95 %. */
const Z = 1.959963984540054;

/** A share of `n` independent trials. */
export interface Share {
  share: number;
  n: number;
}

/** Wilson's score interval of 95 % (E. B. Wilson 1927), without continuity correction. */
export function wilson({ share, n }: Share): { low: number; high: number } {
  const denominator = 1 + Z ** 2 / n;
  const centre = (share + Z ** 2 / (2 * n)) / denominator;
  const half = (Z / denominator) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * Whether two shares differ beyond noise: Newcombe's interval of 95 % of their difference, made of both Wilson intervals
 * (R. G. Newcombe 1998, method 10), leaves 0 out.
 */
export function differ(a: Share, b: Share): boolean {
  const [of, other] = [wilson(a), wilson(b)];
  const difference = b.share - a.share;
  const below = Math.hypot(b.share - other.low, of.high - a.share);
  const above = Math.hypot(other.high - b.share, a.share - of.low);
  return difference - below > 0 || difference + above < 0;
}
