import type { Points } from '../base/schedule.js';

/**
 * How often something is drawn: always alike, or by the optimizer steps made (`scheduleAt`). Of two points at one step, a jump, the
 * second holds from that step on.
 */
export type Weight = number | Points;

/** What is wrong with a weight; undefined where nothing is. */
export function weightFault(weight: Weight): string | undefined {
  const isWeight = (value: number) => Number.isFinite(value) && value >= 0;
  if (typeof weight === 'number') return isWeight(weight) ? undefined : `${weight}, expected a number of 0 or more`;
  if (weight.length === 0) return 'a list without points';
  for (const [i, [step, value]] of weight.entries()) {
    if (!isWeight(value)) return `${value} at step ${step}, expected a number of 0 or more`;
    const before = weight[i - 1]?.[0] ?? 0;
    if (step < before) return `a list in which step ${step} comes after step ${before}`;
    if (step === weight[i - 2]?.[0]) return `a list with more than two points at step ${step}`;
  }
  return undefined;
}
