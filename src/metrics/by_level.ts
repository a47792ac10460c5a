import type { Measure } from './types.js';

/** Of problems that have a level (data.md), in training and evaluation, where a set is weighed by levels. */
export const LEVEL_MEASURES = [
  {
    name: 'level/<level>/accuracy',
    label: 'accuracy at level {level}',
    unit: 'share',
    description:
      'of the problems of one level, where a set of `data.train` has `levels`; absent in a step that drew no such problem',
  },
] as const satisfies readonly Measure[];

interface LevelRow {
  /** Of its problem. */
  level: string | undefined;
  correct: boolean | null;
}

/** `level/<level>/accuracy` of each level that a row has, in the order of the levels' texts; null where nothing was judged. */
export function accuracyByLevel(rows: readonly LevelRow[]): Record<`level/${string}/accuracy`, number | null> {
  const levels = new Map<string, { judged: number; right: number }>();
  for (const { level, correct } of rows) {
    if (level === undefined) continue;
    const counts = levels.get(level) ?? { judged: 0, right: 0 };
    levels.set(level, counts);
    counts.judged += Number(correct !== null);
    counts.right += Number(correct === true);
  }
  return Object.fromEntries(
    [...levels]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([level, { judged, right }]) => [`level/${level}/accuracy`, judged === 0 ? null : right / judged]),
  );
}
