import { smooth, SMOOTHING } from './collapse.js';
import { extremes, known, type Point } from './points.js';

/** A curve that loses less than this from its start is not said to fall. */
const LEAST_FALL = 0.1;

/**
 * Steps from the start of a curve, averaged as for a collapse, until half of all that it will lose by its least value is lost;
 * null where it loses less than a tenth of the whole. How fast the language went, however far; a definition of ours.
 */
export function halfLife(points: readonly Point[]): number | null {
  const curve = known(smooth(points, SMOOTHING));
  const [start] = curve;
  const lowest = extremes(curve)?.lowest;
  if (start === undefined || lowest === undefined || start.value - lowest.value < LEAST_FALL) return null;
  const half = (start.value + lowest.value) / 2;
  return curve.find(({ value }) => value <= half)!.step - start.step;
}
