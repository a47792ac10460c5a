/** A value that changes over the optimizer steps of a run, by the number of steps that were made before. */
export type Schedule = Ramp | Points;

export interface Ramp {
  /** linear; cosine: slow, fast, slow; power: progress to the power of `power`, so that it grows ever faster above 1. */
  schedule: 'linear' | 'cosine' | 'power';
  /** Up to `begin` steps, and from `end` steps on. */
  from: number;
  to: number;
  begin: number;
  end: number;
  power: number;
}

/** Straight lines between points (steps, value), steps ascending; before the first and behind the last their values. */
export type Points = readonly (readonly [step: number, value: number])[];

/** The value of the step that follows `done` others. A ramp whose end is its beginning is a jump there. */
export function scheduleAt(value: number | Schedule, done: number): number {
  if (typeof value === 'number') return value;
  if (isPoints(value)) return pointsAt(value, done);
  const { schedule, from, to, begin, end, power } = value;
  if (done >= end) return to;
  if (done <= begin) return from;
  const progress = (done - begin) / (end - begin);
  const share =
    schedule === 'linear'
      ? progress
      : schedule === 'cosine'
        ? 0.5 * (1 - Math.cos(Math.PI * progress))
        : progress ** power;
  return from + (to - from) * share;
}

export const isPoints = (value: Schedule): value is Points => Array.isArray(value);

function pointsAt(points: Points, done: number): number {
  const next = points.findIndex(([step]) => step > done);
  if (next === -1) return points.at(-1)![1];
  if (next === 0) return points[0]![1];
  const [[before, from], [after, to]] = [points[next - 1]!, points[next]!];
  return from + ((to - from) * (done - before)) / (after - before);
}
