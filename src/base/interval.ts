/** Standard normal quantile of a two-sided interval of 95 %. */
export const Z = 1.959963984540054;

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

/** The difference b - a: Newcombe's interval of 95 %, made of both Wilson intervals (R. G. Newcombe 1998, method 10). */
export function difference(a: Share, b: Share): { low: number; high: number } {
  const [from, to] = [wilson(a), wilson(b)];
  const middle = b.share - a.share;
  return {
    low: middle - Math.hypot(b.share - to.low, from.high - a.share),
    high: middle + Math.hypot(to.high - b.share, a.share - from.low),
  };
}

/** Whether two shares differ beyond noise: the interval of their difference leaves 0 out. */
export function differ(a: Share, b: Share): boolean {
  const { low, high } = difference(a, b);
  return low > 0 || high < 0;
}
