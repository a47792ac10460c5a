import { known, type KnownPoint, type Point } from './points.js';

/** Steps over which a curve is averaged before a collapse is looked for. */
export const SMOOTHING = 5;

/** Where the words of right answers left the prompts' language. */
export interface Collapse {
  /** First step at which the smoothed share is below half its start; null: never. */
  step: number | null;
  /** The smoothed share at its first and last known step; null where there is none. */
  start: KnownPoint | null;
  end: KnownPoint | null;
}

/** Mean of the known values among the last `width` positions; null where none of them is known. */
export function smooth(points: readonly Point[], width: number): Point[] {
  return points.map(({ step }, i) => {
    const values = known(points.slice(Math.max(0, i - width + 1), i + 1)).map((point) => point.value);
    return { step, value: values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length };
  });
}

/** Looks for a collapse in the Target WR of right answers to training prompts in one language (docs/metrics.md, "Collapse step"). */
export function collapse(rewarded: readonly Point[]): Collapse {
  const curve = known(smooth(rewarded, SMOOTHING));
  const [start] = curve;
  const fallen = start === undefined ? undefined : curve.find((point) => point.value < start.value / 2);
  return { step: fallen?.step ?? null, start: start ?? null, end: curve.at(-1) ?? null };
}
