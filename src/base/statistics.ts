/**
 * Mean and standard deviation that leave out NaN, as torch.nanmean and TRL's nanstd do: `std` divides by n - 1 and is
 * NaN for fewer than two values; the mean of nothing is NaN. Two passes in float64.
 */
export function nanStatistics(values: ArrayLike<number>, start = 0, end = values.length): NanStatistics {
  let count = 0;
  let sum = 0;
  let least = Infinity;
  let most = -Infinity;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  // Equal values are their own mean: 0.1 three times sums to 0.30000000000000004, and the residue would become an advantage.
  const mean = count === 0 ? NaN : least === most ? least : sum / count;
  const [min, max] = count === 0 ? [NaN, NaN] : [least, most];
  if (count < 2) return { count, mean, std: NaN, min, max };
  let squares = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (!Number.isNaN(value)) squares += (value - mean) ** 2;
  }
  return { count, mean, std: Math.sqrt(squares / (count - 1)), min, max };
}

export interface NanStatistics {
  /** Values that are not NaN. */
  count: number;
  mean: number;
  std: number;
  /** NaN of nothing. */
  min: number;
  max: number;
}

/**
 * Whether a spread counts as none: torch.isclose against zero with its defaults (absolute 1e-8), as TRL asks. NaN (fewer
 * than two values) is not zero.
 */
export function isZeroStd(std: number): boolean {
  return Math.abs(std) <= 1e-8;
}

/** Share of the entries that are 1; NaN of none. */
export function shareOfOnes(flags: Uint8Array): number {
  return flags.reduce((sum, flag) => sum + flag, 0) / flags.length;
}
