import { exactValue } from './exact.js';
import { keyOf, type Formula } from './formula.js';
import type { Work } from './work.js';

type Congruence = Extract<Formula, { kind: 'congruence' }>;

/**
 * Whether two answers are one class of remainders: x ≡ 3 (mod 5) and x ≡ 8 (mod 5), where one may leave out the x. A number is one that a
 * congruence gives where it is what stands there or, of a bare 17 mod 5, its remainder; the class itself (`gold`) is no number.
 */
export function sameCongruence(gold: Formula, given: Formula, work: Work): boolean {
  if (gold.kind === 'congruence' && given.kind === 'congruence') {
    const [a, b] = [classOf(gold, work), classOf(given, work)];
    if (a === null || a.modulus !== b?.modulus || a.remainder !== b.remainder) return false;
    return gold.left === null || given.left === null || keyOf(gold.left) === keyOf(given.left);
  }
  const of = given.kind === 'congruence' ? classOf(given, work) : null;
  const number = of === null ? null : exactValue(gold, work);
  if (of === null || number?.denominator !== 1n) return false;
  return number.numerator === of.value || ((given as Congruence).left === null && number.numerator === of.remainder);
}

function classOf(
  { value, modulus }: Congruence,
  work: Work,
): { value: bigint; remainder: bigint; modulus: bigint } | null {
  const [a, m] = [exactValue(value, work), exactValue(modulus, work)];
  if (a?.denominator !== 1n || m?.denominator !== 1n || m.numerator <= 0n) return null;
  const remainder = ((a.numerator % m.numerator) + m.numerator) % m.numerator;
  return { value: a.numerator, remainder, modulus: m.numerator };
}
