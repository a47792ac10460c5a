/** A weight at an optimizer step: points `[step, weight]` in order of their steps, straight lines between them, constant outside. */
export type Points = readonly (readonly [step: number, weight: number])[];

/** How often something is drawn: always alike, or by optimizer step. */
export type Weight = number | Points;

/**
 * The weight when `step` optimizer steps have been made. Of two points at one step, a jump, the second holds from that step on.
 */
export function weightAt(weight: Weight, step: number): number {
  if (typeof weight === 'number') return weight;
  const after = weight.findIndex(([at]) => at > step);
  if (after === 0) return weight[0]![1];
  const [from, low] = weight.at(after < 0 ? -1 : after - 1)!;
  if (after < 0) return low;
  const [to, high] = weight[after]!;
  return low + ((high - low) * (step - from)) / (to - from);
}

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
