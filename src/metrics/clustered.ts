import { wilson, Z } from '../base/interval.js';
import { studentQuantile } from '../base/student.js';

/** What one problem adds to a part and to the whole that it is a part of: right completions and completions, say. */
export type ProblemQuotient = readonly [part: number, whole: number];

/** Ends of a 95 % interval. */
export type Interval = [low: number, high: number];

/** The linearised spread of a quotient of sums over problems. */
interface Spread {
  /** Problems that add anything. */
  problems: number;
  share: number;
  whole: number;
  /** Sum over problems of (part - share x whole) squared. */
  residuals: number;
  /** No problem adds more than one trial. */
  single: boolean;
}

function spreadOf(problems: readonly ProblemQuotient[]): Spread | null {
  const counted = problems.filter(([, whole]) => whole > 0);
  const whole = counted.reduce((sum, [, each]) => sum + each, 0);
  if (whole === 0) return null;
  const share = counted.reduce((sum, [part]) => sum + part, 0) / whole;
  const residuals = counted.reduce((sum, [part, each]) => sum + (part - share * each) ** 2, 0);
  const single = counted.every(([part, each]) => each === 1 && (part === 0 || part === 1));
  return { problems: counted.length, share, whole, residuals, single };
}

/**
 * The 95 % interval of a share that is a quotient of sums over independent problems: Wilson's, with as many trials as the problems
 * are worth. One completion a problem is one trial each, which is Wilson's interval itself. Else what belongs to one problem is
 * not independent: the variance is that of the quotient linearised over problems (the cluster-robust one, as survey statistics
 * have it), the trials are those whose binomial variance it is, and their number is reduced for few problems by Student's t (Korn & Graubard
 * 1998, with Wilson's in place of the exact interval). null where nothing is counted.
 */
export function shareInterval(problems: readonly ProblemQuotient[]): Interval | null {
  const spread = spreadOf(problems);
  if (spread === null) return null;
  const { low, high } = wilson({ share: spread.share, n: worth(spread) });
  return [low, high];
}

function worth({ problems, share, whole, residuals, single }: Spread): number {
  // Where all agree, so may the next completions of the same problems: no more is known than of the problems.
  if (single || problems < 2 || share <= 0 || share >= 1) return problems;
  const trials = residuals === 0 ? whole : Math.min(whole, (share * (1 - share) * whole ** 2) / residuals);
  return trials * (Z / studentQuantile(problems - 1)) ** 2;
}

/**
 * The 95 % interval of a mean over completions, such as their length: Student's t with the variance of the mean linearised over
 * problems. null of fewer than two problems.
 */
export function meanInterval(problems: readonly ProblemQuotient[]): Interval | null {
  const spread = spreadOf(problems);
  if (spread === null || spread.problems < 2) return null;
  const { problems: n, share: mean, whole, residuals } = spread;
  const half = (studentQuantile(n - 1) * Math.sqrt((residuals * n) / (n - 1))) / whole;
  return [mean - half, mean + half];
}
