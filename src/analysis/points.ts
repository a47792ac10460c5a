import type { MetricsLine } from '../run/types.js';

/** The value of a measure after an optimizer step; null where there is none. */
export interface Point {
  step: number;
  value: number | null;
}

export interface KnownPoint extends Point {
  value: number;
}

/** The values of one name in the lines of metrics.jsonl. */
export function pointsOf(lines: readonly MetricsLine[], name: string): Point[] {
  return lines.map((line) => {
    const values: Readonly<Record<string, number | null | undefined>> = line;
    return { step: line.step, value: values[name] ?? null };
  });
}

/** The points that have a value. */
export function known(points: readonly Point[]): KnownPoint[] {
  return points.filter((point): point is KnownPoint => point.value !== null);
}

/** Runs of points that have a value: what a line may be drawn through. A point without one ends a run. */
export function stretches(points: readonly Point[]): KnownPoint[][] {
  const all: KnownPoint[][] = [[]];
  for (const { step, value } of points) {
    if (value === null) all.push([]);
    else all.at(-1)!.push({ step, value });
  }
  return all.filter((stretch) => stretch.length > 0);
}

/** The least and the greatest of the points; of equals the first. */
export function extremes(points: readonly KnownPoint[]): { lowest: KnownPoint; highest: KnownPoint } | undefined {
  const [first] = points;
  if (first === undefined) return undefined;
  let [lowest, highest] = [first, first];
  for (const point of points) {
    if (point.value < lowest.value) lowest = point;
    if (point.value > highest.value) highest = point;
  }
  return { lowest, highest };
}
