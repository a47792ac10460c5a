import { isDeepStrictEqual } from 'node:util';
import type { SweepRecord, SweepRun } from '../record.js';

/**
 * The run that another one is compared with: of the same seed, of the baseline's arm or values, and else of its own. Undefined where
 * the sweep has no baseline, or the run is one.
 */
export function baselineOf(
  { spec: { baseline }, runs }: Pick<SweepRecord, 'spec' | 'runs'>,
  run: SweepRun,
): SweepRun | undefined {
  if (baseline === undefined) return undefined;
  const asked = typeof baseline === 'string' ? { arm: baseline } : baseline;
  if (fits(run, asked)) return undefined;
  const candidates = runs.filter((other) => fits(other, { seed: run.seed, ...asked }) && agree(other, run, asked));
  // An axis of some arms only says nothing of the others.
  const shared = (other: SweepRun) => Object.keys(other.values).filter((name) => name in run.values).length;
  return candidates.sort((a, b) => shared(b) - shared(a) || a.index - b.index)[0];
}

function fits(run: SweepRun, asked: Readonly<Record<string, unknown>>): boolean {
  const has: Record<string, unknown> = { ...run.values, arm: run.arm, seed: run.seed };
  return Object.entries(asked).every(([name, value]) =>
    Array.isArray(value) && !Array.isArray(has[name])
      ? value.some((each) => isDeepStrictEqual(has[name], each))
      : isDeepStrictEqual(has[name], value),
  );
}

/** Whether both have the same of every axis that both have and the baseline leaves open; and the same arm, where it does. */
function agree(other: SweepRun, run: SweepRun, asked: Readonly<Record<string, unknown>>): boolean {
  if (!('arm' in asked) && other.arm !== run.arm) return false;
  return Object.entries(other.values).every(
    ([name, value]) => name in asked || !(name in run.values) || isDeepStrictEqual(value, run.values[name]),
  );
}
