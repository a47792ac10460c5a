import { lessIsBetter } from '../metrics/index.js';
import { readMetrics, runFolder } from '../run/index.js';
import type { HalvingArm, HalvingDecision } from './log.js';
import type { SweepRun } from './record.js';
import type { SweepSpec } from './schema.js';

type Halving = NonNullable<SweepSpec['halving']>;

/** Which end of the metric is better: what the sweep says, else what the metric is. */
export function directionOf({ metric, direction }: Halving): 'max' | 'min' {
  return direction ?? (lessIsBetter(metric) ? 'min' : 'max');
}

/** The arms that successive halving compares: one combination of arm and values each, with the runs of all its seeds. */
export function armsOf(runs: readonly SweepRun[]): SweepRun[][] {
  const arms = new Map<string, SweepRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.arm, run.values]);
    arms.set(key, [...(arms.get(key) ?? []), run]);
  }
  return [...arms.values()];
}

/** The metric of a run after a step: the mean over the last `window` lines up to it that have one; null where none has. */
export async function metricAfter(run: SweepRun, step: number, { metric, window }: Halving): Promise<number | null> {
  // What cannot be read is told by the run itself.
  const lines = await readMetrics(runFolder(run.dir).metrics).catch(() => []);
  const values = lines
    .filter((line) => line.step <= step)
    .flatMap((line) => {
      const value = (line as Record<string, unknown>)[metric];
      return typeof value === 'number' && Number.isFinite(value) ? [value] : [];
    })
    .slice(-window);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * Which arms go on after a step (Jamieson and Talwalkar, "Non-stochastic best arm identification", 2016): the best share of
 * those still in the race, rounded up. Equal arms go by their order, ones without the metric come last. What was decided
 * about an arm before stays decided.
 */
export function halve(
  arms: readonly { runs: readonly string[]; value: number | null }[],
  step: number,
  halving: Halving,
  earlier: readonly HalvingDecision[] = [],
): HalvingDecision {
  const sign = directionOf(halving) === 'max' ? -1 : 1;
  const cost = (value: number | null) => (value === null ? Infinity : sign * value);
  const ranked = arms.map((arm, i) => ({ arm, i })).sort((a, b) => cost(a.arm.value) - cost(b.arm.value) || a.i - b.i);
  const best = new Set(ranked.slice(0, Math.ceil(halving.keep * arms.length)).map(({ arm }) => arm));
  const decided = new Map(
    earlier
      .filter((one) => one.step === step)
      .flatMap(({ kept, stopped }) => [
        ...kept.flatMap(({ runs }) => runs.map((run) => [run, true] as const)),
        ...stopped.flatMap(({ runs }) => runs.map((run) => [run, false] as const)),
      ]),
  );
  const goesOn = (arm: (typeof arms)[number]) =>
    arm.runs.map((run) => decided.get(run)).find((known) => known !== undefined) ?? best.has(arm);
  const plain = ({ runs, value }: (typeof arms)[number]): HalvingArm => ({ runs: [...runs], value });
  return {
    event: 'halved',
    step,
    kept: arms.filter(goesOn).map(plain),
    stopped: arms.filter((arm) => !goesOn(arm)).map(plain),
  };
}
